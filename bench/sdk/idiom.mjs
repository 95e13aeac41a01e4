// The idiom by hand beside own.mjs, as it lies beside the adapter of each rival.
export { byHand } from '../../tests/conformance/rivals/idiom.mjs';
