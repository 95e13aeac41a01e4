// Families as a scrape declares them, known again in the next one.
import { type Family, familyNames, type FamilyType, type Place, placeAlone, placeIn } from './families.ts';
import { ownText } from './own-text.ts';

/** Kept beyond what the last scrape declared. */
const SPARE_FAMILIES = 1000;

interface Declaring {
  readonly name: string;
  type: FamilyType;
  help: string;
  unit: string;
}

export class FamilyRegister {
  readonly #known = new Map<string, Family>();
  /** By name, of the scrape under way. */
  readonly #declared = new Map<string, Family>();
  #scrape = 0;
  #declaring: Declaring | undefined;
  #open: Family | undefined;

  begin(scrape: number): void {
    this.#scrape = scrape;
    this.#declaring = undefined;
    this.#open = undefined;
    this.#declared.clear();
  }

  declare(name: string, what: 'type' | 'help' | 'unit', text: string): void {
    if (this.#declaring?.name !== name) {
      // The one before may have its samples elsewhere.
      void this.open;
      // Taken up again where a family is declared in pieces.
      const { type = 'unknown', help = '', unit = '' } = this.#declared.get(name) ?? {};
      this.#declaring = { name, type, help, unit };
    }
    if (what === 'type') this.#declaring.type = text as FamilyType;
    else this.#declaring[what] = ownText(text);
    this.#open = undefined;
  }

  /** The family declared last, the same object in each scrape. */
  get open(): Family | undefined {
    if (this.#open === undefined && this.#declaring !== undefined) this.#open = this.#recognise(this.#declaring);
    return this.#open;
  }

  isCurrent({ declaredIn }: Family): boolean {
    return declaredIn === this.#scrape;
  }

  /** Says where a sample belongs: in the family that is open, else in another; lines need not stand together. */
  placeOf(sample: string): [Family | undefined, Place] {
    const { open } = this;
    const place = open === undefined ? undefined : placeIn(open, sample);
    if (place !== undefined) return [open, place];
    for (const name of familyNames(sample)) {
      const family = this.#declared.get(name);
      const found = family === undefined ? undefined : placeIn(family, sample);
      if (found !== undefined) return [family, found];
    }
    return [undefined, placeAlone(sample)];
  }

  /** Descriptions that change for ever are not all remembered. */
  forget(): void {
    if (this.#known.size <= 2 * this.#declared.size + SPARE_FAMILIES) return;
    for (const [key, family] of this.#known) if (!this.isCurrent(family)) this.#known.delete(key);
  }

  #recognise(declaring: Declaring): Family {
    const key = `${declaring.type}\0${declaring.unit}\0${declaring.name}\0${declaring.help}`;
    let family = this.#known.get(key);
    if (family === undefined)
      this.#known.set(key, (family = { ...declaring, name: ownText(declaring.name), declaredIn: 0 }));
    family.declaredIn = this.#scrape;
    this.#declared.set(family.name, family);
    return family;
  }
}
