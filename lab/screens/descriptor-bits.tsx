/** One entry as its 32 bits, each field in the colour of what it is about. */

import type { JSX } from 'preact';
import { hex } from '../../src/base/index.js';
import { DESCRIPTOR_FIELDS } from '../../src/format/index.js';
import { decodeEntry, entryMeaning, entryPlace, type TableEntry } from '../../src/inspect/index.js';
import type { Subject } from '../model/subject.js';

interface DescriptorBitsProps {
  readonly subject: Subject;
  readonly entry: TableEntry;
}

/** The bits of an entry, and what they say. */
export function DescriptorBits({ subject, entry }: DescriptorBitsProps): JSX.Element {
  const { input } = subject;
  const { word } = entry;
  if (word === undefined) {
    return (
      <div class="descriptor">
        <h4>{entryPlace(entry)}</h4>
        <p>No memory answers where this entry would be.</p>
      </div>
    );
  }
  const record = decodeEntry(word, entry.level, input.registers, input.profile);
  const fields = DESCRIPTOR_FIELDS[entry.kind] ?? [];
  const [kind = '', ...rest] = entryMeaning(entry, input).split('  ');
  return (
    <div class="descriptor">
      <h4>
        L{entry.level}[0x{hex(entry.index, entry.level === 1 ? 3 : 2)}]{' '}
        <span class="at">@{hex(entry.address)}</span> = <strong>{hex(word)}</strong>
      </h4>
      <div class="bits" aria-hidden="true">
        {fields.map(({ name, low, bits, role }) => (
          <span
            class={`field role-${role}`}
            style={{ flexGrow: bits }}
            key={`${name}${low}`}
            title={`${name}, bits ${low + bits - 1}..${low}`}
          >
            <b>{bitsOf(word, low, bits)}</b>
          </span>
        ))}
      </div>
      <p class="descriptor-kind">{kind}</p>
      {rest.length > 0 && <p class="descriptor-rest">{rest.join(' · ')}</p>}
      <details class="fields">
        <summary>Field by field</summary>
        <table>
          <thead>
            <tr>
              <th scope="col">Bits</th>
              <th scope="col">Field</th>
              <th scope="col">Value</th>
            </tr>
          </thead>
          <tbody>
            {record.fields.map(({ name, bits, value }, index) => (
              <tr key={bits} class={`role-${fields[index]?.role ?? 'free'}`}>
                <td>{bits}</td>
                <td>{name}</td>
                <td>{value}</td>
              </tr>
            ))}
          </tbody>
        </table>
      </details>
    </div>
  );
}

function bitsOf(word: number, low: number, bits: number): string {
  const value = (word >>> low) & (2 ** bits - 1);
  return (value >>> 0).toString(2).padStart(bits, '0');
}
