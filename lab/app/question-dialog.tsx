/** What only the reader knows about a file: where a dump begins, which symbol is the root table. */

import type { JSX } from 'preact';
import { useState } from 'preact/hooks';
import { formatBytes, hex, hex0x, parseAddress } from '../../src/base/index.js';
import { Dialog } from './dialog.js';
import { openFiles, type Question, question } from './sources.js';

/** The question, while there is one. */
export function QuestionDialog(): JSX.Element | null {
  const asked = question.value;
  if (asked === undefined) return null;
  const close = (): void => {
    question.value = undefined;
  };
  return asked.about.kind === 'ask-address' ? (
    <Dialog title="Where does it begin?" onClose={close}>
      <AskAddress files={asked.files} about={asked.about} />
    </Dialog>
  ) : (
    <Dialog title="Which one is the root table?" onClose={close}>
      <AskSymbol files={asked.files} about={asked.about} />
    </Dialog>
  );
}

type About<K> = {
  readonly files: Question['files'];
  readonly about: Extract<Question['about'], { kind: K }>;
};

/** Where RAM begins on machines that people dump. */
const USUAL_BASES = [0x0000_0000, 0x4000_0000, 0x6000_0000, 0x8000_0000, 0xc000_0000];

function AskAddress({ files, about }: About<'ask-address'>): JSX.Element {
  const [text, setText] = useState('80000000');
  const address = parseAddress(text);
  const fits = address !== undefined && address < 2 ** 40;
  return (
    <form
      class="question"
      onSubmit={(event) => {
        event.preventDefault();
        if (fits) void openFiles(files, { address });
      }}
    >
      <p>
        {about.name} ({formatBytes(about.bytes)}) is memory without a header. At which physical
        address does its first byte lie?
      </p>
      <label>
        Physical address{' '}
        <input
          class="address-field"
          value={text}
          spellcheck={false}
          autocomplete="off"
          aria-invalid={!fits}
          onInput={(event) => setText(event.currentTarget.value)}
        />
      </label>
      <p class="usual">
        {USUAL_BASES.map((base) => (
          <button type="button" class="tool" key={base} onClick={() => setText(hex(base))}>
            {hex0x(base, 8)}
          </button>
        ))}
      </p>
      <button type="submit" class="tool primary" disabled={!fits}>
        Look for its tables
      </button>
    </form>
  );
}

function AskSymbol({ files, about }: About<'ask-symbol'>): JSX.Element {
  return (
    <div class="open-list">
      <p>{about.name} has several symbols that a root table may stand at.</p>
      <ul>
        {about.symbols.map(({ name, address, bytes }) => (
          <li key={`${name}@${address}`}>
            <button type="button" onClick={() => openFiles(files, { symbol: name })}>
              <strong>{name}</strong>
              <span>
                {hex(address)} {bytes > 1 ? formatBytes(bytes) : ''}
              </span>
            </button>
          </li>
        ))}
      </ul>
    </div>
  );
}
