// The version of the package, said in one place of the code; a test holds it against package.json.
export const VERSION = '0.1.0';
