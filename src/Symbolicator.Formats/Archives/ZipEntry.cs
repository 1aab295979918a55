using Symbolicator.Formats.Core;

namespace Symbolicator.Formats.Archives;

/// <summary>
/// The only entry of a zip file (APPNOTE 4.3). Found by the end record and the central directory; the counts there
/// are checked before anything is read by them.
/// </summary>
/// <param name="Method">0 stored, 8 deflated.</param>
/// <param name="Crc">CRC-32 of the content.</param>
/// <param name="Size">Bytes of the content.</param>
/// <param name="Data">The compressed bytes in the file.</param>
internal readonly record struct ZipEntry(ushort Method, uint Crc, ulong Size, ByteRange Data)
{
    public const ushort Stored = 0;
    public const ushort Deflated = 8;

    private const int EndSize = 22;
    private const int CentralSize = 46;
    private const int LocalSize = 30;
    private const uint EndMagic = 0x06054b50;
    private const uint CentralMagic = 0x02014b50;
    private const uint LocalMagic = 0x04034b50;
    private const uint Zip64LocatorMagic = 0x07064b50;
    private const uint Zip64EndMagic = 0x06064b50;
    private const int Zip64LocatorSize = 20;
    private const int Zip64EndSize = 56;
    private const ushort Zip64Extra = 1;
    private const ushort Encrypted = 1;

    /// <summary>Finds the entry; on failure the text says why and whether the file is merely of another shape.</summary>
    public static bool TryFind(FileBytes file, out ZipEntry entry, out bool unsupported, out string problem)
    {
        entry = default;
        unsupported = false;
        problem = "no end record";
        if (!TryFindEnd(file, out ulong count, out ulong directory))
        {
            return false;
        }

        if (count != 1)
        {
            unsupported = true;
            problem = $"{count} entries, expected one";
            return false;
        }

        problem = "central directory";
        if (!TryRead(file, directory, CentralSize, out var central) || central.ReadU32() != CentralMagic)
        {
            return false;
        }

        central.Skip(4); // versions
        ushort flags = central.ReadU16();
        ushort method = central.ReadU16();
        central.Skip(4); // time, date
        uint crc = central.ReadU32();
        ulong packed = central.ReadU32();
        ulong size = central.ReadU32();
        ushort nameLength = central.ReadU16();
        ushort extraLength = central.ReadU16();
        central.Skip(10); // comment length, disk, attributes
        ulong local = central.ReadU32();
        if (!TryReadZip64(file, directory, nameLength, extraLength, ref size, ref packed, ref local))
        {
            return false;
        }

        if ((flags & Encrypted) != 0 || method is not (Stored or Deflated))
        {
            unsupported = true;
            problem = (flags & Encrypted) != 0 ? "encrypted" : $"compression method {method}";
            return false;
        }

        problem = "local header";
        if (!TryRead(file, local, LocalSize, out var header) || header.ReadU32() != LocalMagic)
        {
            return false;
        }

        header.Skip(22); // repeats the central directory, or zeros
        ulong skip = LocalSize + (ulong)header.ReadU16() + header.ReadU16();
        problem = "content";
        if (!file.All.TrySlice(local, skip, out var before) || !file.All.TrySlice((ulong)before.End, packed, out var data)
            || (method == Stored && packed != size))
        {
            return false;
        }

        entry = new ZipEntry(method, crc, size, data);
        return true;
    }

    private static bool TryFindEnd(FileBytes file, out ulong count, out ulong directory)
    {
        count = 0;
        directory = 0;
        long tail = Math.Min(file.Length, EndSize + ushort.MaxValue);
        file.TrySlice(new ByteRange(file.Length - tail, tail), out var bytes);
        int at = bytes.LastIndexOf("PK\x05\x06"u8);
        if (at < 0 || !TryRead(file, (ulong)(file.Length - tail + at), EndSize, out var end) || end.ReadU32() != EndMagic)
        {
            return false;
        }

        end.Skip(6); // disks, entries on this disk
        count = end.ReadU16();
        end.Skip(4); // size of the directory
        directory = end.ReadU32();
        if (count == ushort.MaxValue || directory == uint.MaxValue)
        {
            return TryFindZip64End(file, (ulong)(file.Length - tail + at), out count, out directory);
        }

        return true;
    }

    private static bool TryFindZip64End(FileBytes file, ulong end, out ulong count, out ulong directory)
    {
        count = 0;
        directory = 0;
        if (end < Zip64LocatorSize || !TryRead(file, end - Zip64LocatorSize, Zip64LocatorSize, out var locator)
            || locator.ReadU32() != Zip64LocatorMagic)
        {
            return false;
        }

        locator.Skip(4); // disk
        if (!TryRead(file, locator.ReadU64(), Zip64EndSize, out var record) || record.ReadU32() != Zip64EndMagic)
        {
            return false;
        }

        record.Skip(28); // size, versions, disks, entries on this disk
        count = record.ReadU64();
        record.Skip(8); // size of the directory
        directory = record.ReadU64();
        return true;
    }

    /// <summary>Fields that do not fit are all ones; their values follow in an extra field, in this order.</summary>
    private static bool TryReadZip64(
        FileBytes file, ulong directory, ushort nameLength, ushort extraLength, ref ulong size, ref ulong packed, ref ulong local)
    {
        if (size != uint.MaxValue && packed != uint.MaxValue && local != uint.MaxValue)
        {
            return true;
        }

        if (!file.All.TrySlice(directory, CentralSize + (ulong)nameLength, out var before)
            || !TryRead(file, (ulong)before.End, extraLength, out var extra))
        {
            return false;
        }

        while (extra.Remaining >= 4)
        {
            ushort id = extra.ReadU16();
            ushort length = extra.ReadU16();
            if (id != Zip64Extra)
            {
                extra.Skip(length);
                continue;
            }

            size = size == uint.MaxValue ? extra.ReadU64() : size;
            packed = packed == uint.MaxValue ? extra.ReadU64() : packed;
            local = local == uint.MaxValue ? extra.ReadU64() : local;
            return extra.Fault.IsNone;
        }

        return false;
    }

    private static bool TryRead(FileBytes file, ulong offset, int length, out ByteReader reader)
    {
        reader = default;
        if (!file.All.TrySlice(offset, (ulong)length, out var range) || !file.TrySlice(range, out var window))
        {
            return false;
        }

        reader = new ByteReader(window, origin: range.Offset);
        return true;
    }
}
