/**
 * The tags of an XML file in order, which is all that target descriptions of debuggers and CMSIS-SVD
 * files need. Comments, processing instructions and declarations are passed over; entities other than
 * the five that XML has stay as they are.
 */

/** A tag with what stands before it. */
export interface XmlTag {
  readonly name: string;
  /** A self-closing tag is `open`, with a `close` tag of the same name behind it. */
  readonly kind: 'open' | 'close';
  readonly attributes: Readonly<Record<string, string>>;
  /** The text between the previous tag and this one, trimmed. */
  readonly textBefore: string;
}

const NAME = /^\/?([A-Za-z_][\w:.-]*)/;
const ATTRIBUTE = /(?<![\w:.-])([\w:.-]+)\s*=\s*(?:"([^"]*)"|'([^']*)')/g;
/** What is looked at of one tag, or of the text before it. */
const LONGEST_TAG = 2048;
const ENTITIES: Readonly<Record<string, string>> = {
  '&lt;': '<',
  '&gt;': '>',
  '&amp;': '&',
  '&quot;': '"',
  '&apos;': "'",
};

/** The tags of `xml`, in one pass over it. */
export function* xmlTags(xml: string): Generator<XmlTag> {
  let text = '';
  let at = 0;
  for (;;) {
    const open = xml.indexOf('<', at);
    if (open < 0) return;
    if (text.length < LONGEST_TAG) text += xml.slice(at, Math.min(open, at + LONGEST_TAG));
    const isComment = xml.startsWith('<!--', open);
    const isVerbatim = xml.startsWith('<![CDATA[', open);
    const closer = isComment ? '-->' : isVerbatim ? ']]>' : '>';
    const close = xml.indexOf(closer, open + 1);
    if (close < 0) return;
    at = close + closer.length;
    if (isVerbatim) text += xml.slice(open + 9, Math.min(close, open + 9 + LONGEST_TAG));
    const body = xml.slice(open + 1, Math.min(close, open + 1 + LONGEST_TAG));
    const name = isComment || isVerbatim ? undefined : NAME.exec(body)?.[1];
    if (name === undefined) continue;
    yield {
      name,
      kind: body.startsWith('/') ? 'close' : 'open',
      attributes: attributesIn(body),
      textBefore: plainText(text).trim(),
    };
    text = '';
    if (body.endsWith('/')) yield { name, kind: 'close', attributes: {}, textBefore: '' };
  }
}

function attributesIn(body: string): Record<string, string> {
  const attributes: Record<string, string> = {};
  for (const [, key, double, single] of body.matchAll(ATTRIBUTE)) {
    attributes[key as string] = plainText(double ?? single ?? '');
  }
  return attributes;
}

function plainText(text: string): string {
  return text.replace(/&(?:lt|gt|amp|quot|apos);/g, (entity) => ENTITIES[entity] ?? entity);
}
