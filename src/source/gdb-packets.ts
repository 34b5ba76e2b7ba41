/**
 * Packets of the GDB remote serial protocol: `$payload#checksum`, one character a byte (GDB manual,
 * appendix E.1).
 */

/** What a stub may send. */
export type GdbMessage =
  | { readonly kind: 'packet'; readonly payload: string }
  | { readonly kind: 'acknowledgement'; readonly good: boolean }
  /** A packet whose checksum is wrong, or that is longer than any answer here. */
  | { readonly kind: 'broken'; readonly reason: string };

/** The longest packet that is taken: 16 KiB of memory as OpenOCD prints it need 90 KiB. */
export const LONGEST_PACKET = 2 ** 20;

const DOLLAR = 0x24;
const HASH = 0x23;
const PERCENT = 0x25;
const PLUS = 0x2b;
const MINUS = 0x2d;
const ESCAPE = '}';
const ESCAPE_MASK = 0x20;
const REPEAT = '*';
/** A repeat count is printed as this much more than it is. */
const REPEAT_BIAS = 29;

/** The packet that carries `payload`, one character a byte. */
export function encodePacket(payload: string): string {
  const escaped = payload.replace(
    /[#$}*]/g,
    (character) => ESCAPE + String.fromCharCode(character.charCodeAt(0) ^ ESCAPE_MASK),
  );
  const checksum = checksumOf(Buffer.from(escaped, 'latin1')).toString(16).padStart(2, '0');
  return `$${escaped}#${checksum}`;
}

/** Finds the packets in what arrives, however it is cut into pieces. */
export class PacketParser {
  /** What arrived of the packet that is not complete. */
  private pieces: Buffer[] = [];
  private length = 0;
  private state: 'between' | 'payload' | 'checksum' = 'between';
  private isNotification = false;
  private checksum = '';

  /** The messages that `chunk` completes; notifications are passed over. */
  push(chunk: Buffer): GdbMessage[] {
    const messages: GdbMessage[] = [];
    let at = 0;
    while (at < chunk.length) {
      if (this.state === 'between') at = this.skipBetween(chunk, at, messages);
      else if (this.state === 'payload') at = this.takePayload(chunk, at, messages);
      else at = this.takeChecksum(chunk, at, messages);
    }
    return messages;
  }

  /** Characters between packets mean nothing, but for acknowledgements. */
  private skipBetween(chunk: Buffer, from: number, messages: GdbMessage[]): number {
    const byte = chunk[from];
    if (byte === PLUS || byte === MINUS) {
      messages.push({ kind: 'acknowledgement', good: byte === PLUS });
    } else if (byte === DOLLAR || byte === PERCENT) {
      this.state = 'payload';
      this.isNotification = byte === PERCENT;
      this.pieces = [];
      this.length = 0;
    }
    return from + 1;
  }

  private takePayload(chunk: Buffer, from: number, messages: GdbMessage[]): number {
    const hash = chunk.indexOf(HASH, from);
    const end = hash < 0 ? chunk.length : hash;
    this.pieces.push(chunk.subarray(from, end));
    this.length += end - from;
    if (this.length > LONGEST_PACKET) {
      messages.push({ kind: 'broken', reason: `a packet of more than ${LONGEST_PACKET} bytes` });
      this.state = 'between';
    } else if (hash >= 0) {
      this.state = 'checksum';
      this.checksum = '';
    }
    return hash < 0 ? end : end + 1;
  }

  private takeChecksum(chunk: Buffer, from: number, messages: GdbMessage[]): number {
    const missing = 2 - this.checksum.length;
    this.checksum += chunk.toString('latin1', from, from + missing);
    if (this.checksum.length === 2) {
      this.state = 'between';
      const raw = Buffer.concat(this.pieces);
      const made = checksumOf(raw).toString(16).padStart(2, '0');
      if (made !== this.checksum.toLowerCase()) {
        const reason = `a packet with the checksum ${this.checksum}, it has ${made}`;
        messages.push({ kind: 'broken', reason });
      } else if (!this.isNotification) messages.push(expand(raw.toString('latin1')));
    }
    return from + missing;
  }
}

/** The payload with escapes and repetitions undone. */
function expand(raw: string): GdbMessage {
  if (!raw.includes(ESCAPE) && !raw.includes(REPEAT)) return { kind: 'packet', payload: raw };
  let payload = '';
  // Kept apart: to look into a string that was put together makes a copy of it.
  let last = '';
  for (let at = 0; at < raw.length; at += 1) {
    const character = raw[at] as string;
    if (character === REPEAT) {
      at += 1;
      const count = (raw.charCodeAt(at) || 0) - REPEAT_BIAS;
      if (count < 1 || last === '') return { kind: 'broken', reason: 'a repetition of nothing' };
      payload += last.repeat(count);
    } else if (character === ESCAPE) {
      at += 1;
      last = String.fromCharCode((raw.charCodeAt(at) || 0) ^ ESCAPE_MASK);
      payload += last;
    } else {
      last = character;
      payload += last;
    }
    if (payload.length > LONGEST_PACKET) {
      return { kind: 'broken', reason: `a packet of more than ${LONGEST_PACKET} bytes` };
    }
  }
  return { kind: 'packet', payload };
}

/** The sum of the bytes modulo 256. */
function checksumOf(bytes: Buffer): number {
  let sum = 0;
  // By index: a typed array's iterator takes ten times as long, and this is every byte that arrives.
  for (let at = 0; at < bytes.length; at += 1) sum += bytes[at] as number;
  return sum & 0xff;
}
