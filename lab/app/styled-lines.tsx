/** Lines that the library words, as the command line prints them, in the colours of the page. */

import type { JSX } from 'preact';
import type { StyledLine } from '../../src/inspect/index.js';

/** The lines as text that can be selected. */
export function StyledLines({ lines }: { readonly lines: readonly StyledLine[] }): JSX.Element {
  return (
    // biome-ignore lint/a11y/noNoninteractiveTabindex: long lines are scrolled by keys
    <section class="styled" tabIndex={0} aria-label="As the command line prints it">
      <StyledText lines={lines} />
    </section>
  );
}

/** The lines alone, where what is around them scrolls. */
export function StyledText({ lines }: { readonly lines: readonly StyledLine[] }): JSX.Element {
  return (
    <pre>
      {lines.map((spans, index) => (
        <span class="styled-line" key={index}>
          {spans.map(({ text, style, dim }, at) => (
            <span
              key={at}
              class={`${style === undefined ? '' : `style-${style}`}${dim === true ? ' dim' : ''}`}
            >
              {text}
            </span>
          ))}
          {'\n'}
        </span>
      ))}
    </pre>
  );
}
