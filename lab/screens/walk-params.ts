/** What a link says of a walk, beside the address. */

import { address } from '../app/place.js';

/** The word of the entry that decides, the DACR and the SCTLR, if they were others. */
export const IF_WORD = address('if-word');
export const IF_DACR = address('if-dacr');
export const IF_SCTLR = address('if-sctlr');
/** The fault status that a CPU reported. */
export const FSR = address('fsr');
