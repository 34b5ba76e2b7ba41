/** The parts of a scenario file that are about self-paging: pagers, memory objects, contents. */
import * as v from 'valibot';
import { count, Name, Offset, Size, text } from '../layout/quantities.js';
import { about, map, oneOf } from '../layout/schema-parts.js';
import { Place } from './quantities.js';

/** Frames of the largest budget. */
const MOST_FRAMES = 65_536;
/** Characters of the longest contents that a file holds itself. */
const MOST_CONTENTS = 8_192;

/** Bytes of the largest read. */
const MOST_READ = 65_536;

/** A size of whole pages. */
const WholePages = v.pipe(
  Size,
  v.check((bytes) => bytes % 4096 === 0, 'must be a multiple of 4K'),
);

/** A file beside the scenario. */
export const FilePath = v.pipe(
  v.string('must be the path of a file'),
  v.nonEmpty('must be the path of a file'),
  v.maxLength(400, 'is at most 400 characters'),
  v.check((path) => !/^[/\\]|^[A-Za-z]:|\0/.test(path), 'must be a path relative to the scenario'),
);

const CONTENTS_PATTERN = /^(?:hex:(?: *[0-9a-fA-F]{2})+|(?!hex:)[ -~\t\n]+)$/;

/** Bytes, as hexadecimal digits. */
export const Contents = v.pipe(
  text(CONTENTS_PATTERN, 'contents: write ASCII text, or bytes like hex:00 ff 10'),
  v.maxLength(MOST_CONTENTS, `is at most ${MOST_CONTENTS.toLocaleString('en')} characters`),
  about('Bytes: ASCII text, or hexadecimal like `hex:00 ff 10`.'),
  v.transform((written) =>
    written.startsWith('hex:')
      ? written.slice(4).replaceAll(' ', '').toLowerCase()
      : Array.from(written, (letter) => letter.charCodeAt(0).toString(16).padStart(2, '0')).join(
          '',
        ),
  ),
);

/** How a domain is paged. */
export const PagerSettings = v.pipe(
  map({
    frames: v.pipe(
      count(3, MOST_FRAMES),
      about('Page frames that the objects of the domain may use at a time.'),
    ),
    policy: v.pipe(
      v.optional(oneOf('fifo', 'clock', 'second-chance', 'lru', 'lfu', 'random'), 'clock'),
      about('Which page goes.'),
    ),
    window: v.pipe(
      v.optional(count(1, 1024), 4),
      about('For lru and lfu: the pages used last whose order is not watched; 1 is exact.'),
    ),
    seed: v.pipe(v.optional(count(0, 2 ** 32 - 1), 1), about('For random.')),
    store: v.pipe(
      v.exactOptional(count(0, MOST_FRAMES)),
      about('Pages that the backing store has room for; any number, if not said.'),
    ),
  }),
  about('A frame budget, and how the domain keeps within it.'),
);

/** Where regions go when nobody says it. */
export const Aslr = v.pipe(
  map({
    seed: v.pipe(count(0, 2 ** 32 - 1), about('The same seed gives the same places.')),
    bits: v.pipe(
      v.optional(count(1, 20), 16),
      about('Bits of randomness, in units of the alignment: 16 are 256M of pages.'),
    ),
  }),
  about('Regions go to random places.'),
);

/** The kinds of memory object. */
const OBJECT_KINDS = [
  'anonymous',
  'append',
  'one-frame',
  'one-frame-lazy',
  'one-frame-one-map',
  'pinned',
  'fixed',
  'numa',
  'file',
  'copy-on-write',
] as const;

/** Where a region goes; at most one of the three addresses. */
export const placement = {
  at: v.pipe(v.exactOptional(Place), about('Where; the lowest gap that fits, if not said.')),
  above: v.pipe(v.exactOptional(Place), about('In the lowest gap above this address.')),
  below: v.pipe(v.exactOptional(Place), about('In the highest gap below this address.')),
  align: v.pipe(v.exactOptional(WholePages), about('The alignment of the address.')),
  replace: v.pipe(
    v.exactOptional(v.boolean('must be true or false')),
    about('Whether what is at `at` gives way in the same step.'),
  ),
};

const object = v.pipe(Name, about('A memory object by its name.'));
const offset = v.pipe(v.optional(Offset, 0), about('Where in the object the range begins.'));
const rest = v.pipe(
  v.exactOptional(WholePages),
  about('How much; the rest of the object, if not said.'),
);

const emptyRegion = map({
  as: v.pipe(Name, about('How the region is called.')),
  size: WholePages,
  ...placement,
});

/** The steps of self-paging. */
export const PAGING_STEPS = {
  create: v.pipe(
    map({
      object: v.pipe(Name, about('How the object is called from now on.')),
      kind: v.pipe(
        v.optional(oneOf(...OBJECT_KINDS), 'anonymous'),
        about('What stands behind it.'),
      ),
      size: v.pipe(v.exactOptional(WholePages), about('Its size.')),
      frame: v.pipe(v.exactOptional(Name), about('For the one-frame kinds: the frame.')),
      frames: v.pipe(
        v.exactOptional(
          v.pipe(
            v.array(Name, 'must be a list of frames'),
            v.minLength(1, 'must name at least one frame'),
            v.maxLength(64, 'holds at most 64 frames'),
          ),
        ),
        about('For numa: a frame on each node.'),
      ),
      chunk: v.pipe(
        v.exactOptional(WholePages),
        about(
          'What one-frame-lazy maps at a time, the size of all frames of fixed, a stripe of numa.',
        ),
      ),
      of: v.pipe(
        v.exactOptional(Name),
        about('For copy-on-write: the object that it is a copy of.'),
      ),
      contents: v.pipe(v.exactOptional(Contents), about('For file: its bytes.')),
      file: v.pipe(v.exactOptional(FilePath), about('For file: a file beside the scenario.')),
      sharing: v.pipe(
        v.exactOptional(oneOf('private', 'written-back')),
        about('For file: whether what is written goes back to it. The file on disk is only read.'),
      ),
    }),
    about('Makes a memory object.'),
  ),
  fill: v.pipe(
    map({ object, frame: v.exactOptional(Name), offset, size: rest }),
    about('Gives an object a frame for a range; without one brings the range into memory.'),
  ),
  unfill: v.pipe(
    map({ object, offset, size: rest }),
    about('Takes the memory of a range out of an object.'),
  ),
  append: v.pipe(map({ object, size: WholePages }), about('Makes an append object larger.')),
  pin: v.pipe(
    map({ object, offset, size: rest }),
    about('Brings a range into memory and keeps it there.'),
  ),
  unpin: v.pipe(map({ object, offset, size: rest }), about('Undoes one pin.')),
  evict: v.pipe(map({ object, size: rest }), about('Pages an object out, as much as may go.')),
  flush: v.pipe(map({ object }), about('Writes what was changed back to the file.')),
  budget: v.pipe(
    map({ frames: v.pipe(count(3, MOST_FRAMES), about('The new budget.')) }),
    about('Changes the frame budget of the domain.'),
  ),
  reserve: v.pipe(emptyRegion, about('Keeps addresses free of everything else.')),
  guard: v.pipe(emptyRegion, about('Makes addresses that never resolve, and say so.')),
  stack: v.pipe(
    map({
      as: v.pipe(Name, about('How the stack is called; `NAME.top` is the address behind it.')),
      size: v.pipe(WholePages, about('Its size at first.')),
      most: v.pipe(WholePages, about('What it can grow to.')),
    }),
    about('Makes a stack that grows when it is used below its end, down to a guard page.'),
  ),
  heap: v.pipe(
    map({
      as: v.pipe(Name, about('How the heap is called.')),
      size: v.pipe(WholePages, about('Its size at most.')),
    }),
    about('Makes a heap in the memory of the domain.'),
  ),
  malloc: v.pipe(
    map({
      as: v.pipe(Name, about('How the block is called: a place.')),
      heap: v.pipe(Name, about('The heap.')),
      size: v.pipe(Size, about('Bytes of the block.')),
    }),
    about('Takes a block from a heap.'),
  ),
  release: v.pipe(
    map({ at: v.pipe(Place, about('The block.')), heap: v.pipe(Name, about('The heap.')) }),
    about('Gives a block back to its heap.'),
  ),
  write: v.pipe(
    map({ at: v.pipe(Place, about('Where.')), contents: Contents }),
    about('Stores bytes, as copyOut does.'),
  ),
  read: v.pipe(
    map({
      at: v.pipe(Place, about('Where.')),
      size: v.pipe(
        v.optional(v.pipe(Size, v.maxValue(MOST_READ, 'is at most 64K')), 16),
        about('How many bytes; 16 if not said.'),
      ),
    }),
    about('Loads bytes, as copyIn does.'),
  ),
  transfer: v.pipe(
    map({
      frame: v.pipe(Name, about('A frame by its name.')),
      to: v.pipe(Name, about('The domain that has it from now on.')),
      as: v.pipe(v.exactOptional(Name), about('How it is called there; the same, if not said.')),
    }),
    about('Gives a frame away: the giver has it no longer.'),
  ),
  clone: v.pipe(
    map({
      as: v.pipe(Name, about('How the new domain is called.')),
      ram: v.pipe(
        v.optional(
          v.pipe(
            Size,
            v.check((bytes) => bytes % 2 ** 20 === 0, 'must be a multiple of 1M'),
          ),
          '2M',
        ),
        about('Memory of the parent that becomes the clone’s own.'),
      ),
      pager: v.exactOptional(PagerSettings),
    }),
    about('Makes a second domain that begins as this one is; pages are copied on write.'),
  ),
  exit: v.pipe(Name, about('The domain that gives up its memory and ends.')),
  kill: v.pipe(Name, about('The clone that ends; its memory is its parent’s again.')),
} as const;
