import { crc32, deflateRawSync } from 'node:zlib';

export interface ZipEntry {
  readonly name: string;
  readonly data: Buffer;
  /** Unix mode, kept in the upper half of the external attributes. */
  readonly mode?: number;
  readonly store?: boolean;
  readonly encrypted?: boolean;
  /** What the archive claims instead of the true size. */
  readonly claimedSize?: number;
}

/** A zip archive (APPNOTE 6.3.10) of these entries, honest or not. */
export function zipArchive(entries: readonly ZipEntry[]): Buffer {
  const locals: Buffer[] = [];
  const central: Buffer[] = [];
  let offset = 0;
  for (const entry of entries) {
    const { local, header } = encode(entry, offset);
    locals.push(local);
    central.push(header);
    offset += local.length;
  }
  const directory = Buffer.concat(central);
  const end = Buffer.alloc(22);
  end.writeUInt32LE(0x06054b50, 0);
  end.writeUInt16LE(entries.length, 8);
  end.writeUInt16LE(entries.length, 10);
  end.writeUInt32LE(directory.length, 12);
  end.writeUInt32LE(offset, 16);
  return Buffer.concat([...locals, directory, end]);
}

function encode(entry: ZipEntry, offset: number): { readonly local: Buffer; readonly header: Buffer } {
  const { data, mode = 0o100644, store = false, encrypted = false } = entry;
  const name = Buffer.from(entry.name);
  const packed = store ? data : deflateRawSync(data);
  // Version, flags, method, time, date, CRC, packed size, size, length of the name, length of the extra field.
  const shared = Buffer.alloc(26);
  shared.writeUInt16LE(20, 0);
  shared.writeUInt16LE(encrypted ? 1 : 0, 2);
  shared.writeUInt16LE(store ? 0 : 8, 4);
  shared.writeUInt32LE(crc32(data), 10);
  shared.writeUInt32LE(packed.length, 14);
  shared.writeUInt32LE(entry.claimedSize ?? data.length, 18);
  shared.writeUInt16LE(name.length, 22);
  const local = Buffer.concat([Buffer.from('PK\x03\x04'), shared, name, packed]);
  const tail = Buffer.alloc(14);
  tail.writeUInt32LE((mode << 16) >>> 0, 6);
  tail.writeUInt32LE(offset, 10);
  const madeByUnix = Buffer.from([20, 3]);
  return { local, header: Buffer.concat([Buffer.from('PK\x01\x02'), madeByUnix, shared, tail, name]) };
}
