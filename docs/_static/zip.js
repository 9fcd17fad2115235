// A ZIP archive of text files, not compressed; a file that begins with #! is executable.
const TABLE = Uint32Array.from({ length: 256 }, (_, byte) => {
  for (let bit = 0; bit < 8; bit++) byte = byte & 1 ? (byte >>> 1) ^ 0xedb88320 : byte >>> 1;
  return byte;
});
const checksum = (bytes) => ~bytes.reduce((sum, byte) => TABLE[(sum ^ byte) & 255] ^ (sum >>> 8), -1) >>> 0;
// Pairs of a size in bytes and a number.
const packed = (...numbers) => {
  const view = new DataView(new ArrayBuffer(numbers.reduce((sum, [size]) => sum + size, 0)));
  let at = 0;
  for (const [size, number] of numbers) {
    if (size === 2) view.setUint16(at, number, true);
    else view.setUint32(at, number, true);
    at += size;
  }
  return new Uint8Array(view.buffer);
};
const UTF8 = 0x0800, NEW_YEAR_2026 = 0x5c21, UNIX = 0x0314;

export const zipped = (files) => {
  const parts = [], directory = [];
  let offset = 0;
  for (const { name, text } of files) {
    const [path, bytes] = [name, text].map((string) => new TextEncoder().encode(string));
    const about = [
      [2, 20], [2, UTF8], [2, 0], [2, 0], [2, NEW_YEAR_2026],
      [4, checksum(bytes)], [4, bytes.length], [4, bytes.length], [2, path.length], [2, 0],
    ];
    const mode = (text.startsWith("#!") ? 0o100755 : 0o100644) * 0x10000;
    const header = packed([4, 0x04034b50], ...about);
    directory.push(packed([4, 0x02014b50], [2, UNIX], ...about, [2, 0], [2, 0], [2, 0], [4, mode], [4, offset]), path);
    parts.push(header, path, bytes);
    offset += header.length + path.length + bytes.length;
  }
  const size = directory.reduce((sum, { length }) => sum + length, 0);
  const end = packed([4, 0x06054b50], [2, 0], [2, 0], [2, files.length], [2, files.length], [4, size], [4, offset], [2, 0]);
  const all = [...parts, ...directory, end];
  const archive = new Uint8Array(offset + size + end.length);
  all.reduce((at, part) => (archive.set(part, at), at + part.length), 0);
  return archive;
};
