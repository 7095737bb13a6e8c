/** Binary messages: a little-endian length, a header in JSON, and bytes (a mask there, a JPEG back). */
export function encodeFrame(header: object, payload: Uint8Array = new Uint8Array()): Uint8Array<ArrayBuffer> {
  const json = new TextEncoder().encode(JSON.stringify(header));
  const frame = new Uint8Array(4 + json.length + payload.length);
  new DataView(frame.buffer).setUint32(0, json.length, true);
  frame.set(json, 4);
  frame.set(payload, 4 + json.length);
  return frame;
}

/** Throws on what is no frame. */
export function decodeFrame(buffer: ArrayBuffer): { header: unknown; payload: Uint8Array<ArrayBuffer> } {
  if (buffer.byteLength < 4) throw new Error("a frame has at least four bytes");
  const length = new DataView(buffer).getUint32(0, true);
  if (4 + length > buffer.byteLength) throw new Error("a frame's header is longer than the frame");
  const header: unknown = JSON.parse(new TextDecoder().decode(new Uint8Array(buffer, 4, length)));
  return { header, payload: new Uint8Array(buffer.slice(4 + length)) };
}

/** The checksum that ends a zlib stream. */
export function adler32(bytes: Uint8Array): number {
  let [a, b] = [1, 0];
  for (const byte of bytes) {
    a = (a + byte) % 65521;
    b = (b + a) % 65521;
  }
  return ((b << 16) | a) >>> 0;
}

/** A zlib stream that stores its bytes as they are: masks are small, and nobody should wait for a compressor. */
export function zlibStored(bytes: Uint8Array): Uint8Array<ArrayBuffer> {
  const most = 65535;
  const blocks = Math.max(1, Math.ceil(bytes.length / most));
  const stream = new Uint8Array(2 + blocks * 5 + bytes.length + 4);
  const view = new DataView(stream.buffer);
  stream.set([0x78, 0x01]);
  let place = 2;
  for (let block = 0; block < blocks; block++) {
    const part = bytes.subarray(block * most, (block + 1) * most);
    stream[place] = block === blocks - 1 ? 1 : 0;
    view.setUint16(place + 1, part.length, true);
    view.setUint16(place + 3, ~part.length & 0xffff, true);
    stream.set(part, place + 5);
    place += 5 + part.length;
  }
  view.setUint32(place, adler32(bytes), false);
  return stream;
}

/** The bytes of a zlib stream. */
export async function inflate(bytes: Uint8Array<ArrayBuffer>): Promise<Uint8Array<ArrayBuffer>> {
  return through(bytes, new DecompressionStream("deflate"));
}

/** Send bytes through a compressor or decompressor. */
export async function through(
  bytes: Uint8Array<ArrayBuffer>,
  stream: GenericTransformStream,
): Promise<Uint8Array<ArrayBuffer>> {
  const piped = new Blob([bytes]).stream().pipeThrough(stream);
  return new Uint8Array(await new Response(piped).arrayBuffer());
}
