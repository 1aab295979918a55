using System.Buffers.Binary;

namespace Symbolicator.Fuzz;

/// <summary>
/// Where the parts of a file lie, read from it without any of our readers. Damage is spread evenly over the parts, so
/// that small tables meet as much of it as large ones.
/// </summary>
internal static class Layout
{
    private const int MaxParts = 512;

    public static List<(int Offset, int Length)> Parts(byte[] file)
    {
        var parts = new List<(int Offset, int Length)>();
        Add(parts, file, 0, 128);
        if (file.AsSpan().StartsWith("\u007fELF"u8) && file.Length > 64)
        {
            AddElf(parts, file);
        }
        else if (file.AsSpan().StartsWith("MZ"u8) && file.Length > 64)
        {
            AddPe(parts, file);
        }
        else if (file.AsSpan().StartsWith("MDMP"u8) && file.Length > 32)
        {
            AddMinidump(parts, file);
        }
        else if (file.AsSpan().StartsWith("SCF1"u8) && file.Length > 128)
        {
            AddSymCache(parts, file);
        }
        else if (file.AsSpan().StartsWith("Microsoft C/C++ MSF"u8) && file.Length > 64)
        {
            AddMultiStream(parts, file);
        }
        else if (file.AsSpan().StartsWith("MSCF"u8) && file.Length > 44)
        {
            parts.AddRange(CabinetBlocks(file).Take(MaxParts / 2));
        }
        else
        {
            Add(parts, file, Math.Max(0, file.Length - 128), 128);
        }

        Add(parts, file, 0, file.Length);
        return parts;
    }

    /// <summary>
    /// Makes the checksums of a damaged symcache right again and takes those of a cabinet away: behind a wrong one nothing
    /// would be read.
    /// </summary>
    public static void Repair(byte[] file)
    {
        if (file.AsSpan().StartsWith("MSCF"u8) && file.Length > 44)
        {
            foreach (var (offset, _) in CabinetBlocks(file))
            {
                file.AsSpan(offset, 4).Clear();
            }
        }

        if (!file.AsSpan().StartsWith("SCF1"u8) || file.Length < 128)
        {
            return;
        }

        long directory = (32L * Word(file, 12)) + Word(file, 104);
        if (directory <= file.Length - 128)
        {
            BinaryPrimitives.WriteUInt32LittleEndian(file.AsSpan(112), Crc32C(file.AsSpan(128, (int)directory)));
        }

        BinaryPrimitives.WriteUInt32LittleEndian(file.AsSpan(124), Crc32C(file.AsSpan(0, 124)));
    }

    private static void AddElf(List<(int Offset, int Length)> parts, byte[] file)
    {
        bool wide = file[4] == 2;
        bool big = file[5] == 2;
        long sections = wide ? Wide(file, 40, big) : Word(file, 32, big);
        int size = wide ? 64 : 40;
        int count = Half(file, wide ? 60 : 48, big);
        Add(parts, file, wide ? Wide(file, 32, big) : Word(file, 28, big), (wide ? 56 : 32) * Half(file, wide ? 56 : 44, big));
        Add(parts, file, sections, size * (long)count);
        for (long i = 0; i < count && sections + ((i + 1) * size) <= file.Length; i++)
        {
            int at = (int)(sections + (i * size));
            Add(parts, file, wide ? Wide(file, at + 24, big) : Word(file, at + 16, big), wide ? Wide(file, at + 32, big) : Word(file, at + 20, big));
        }
    }

    private static void AddPe(List<(int Offset, int Length)> parts, byte[] file)
    {
        long header = Word(file, 60);
        if (header > file.Length - 24)
        {
            return;
        }

        int at = (int)header;
        Add(parts, file, at, 24);
        long optional = Half(file, at + 20, false);
        Add(parts, file, at + 24, optional);
        Add(parts, file, Word(file, at + 12), 18L * Word(file, at + 16)); // symbols
        long sections = at + 24 + optional;
        for (int left = Half(file, at + 6, false); left > 0 && sections <= file.Length - 40; left--, sections += 40)
        {
            Add(parts, file, sections, 40);
            Add(parts, file, Word(file, (int)sections + 20), Word(file, (int)sections + 16));
        }
    }

    private static void AddMinidump(List<(int Offset, int Length)> parts, byte[] file)
    {
        uint count = Word(file, 8);
        uint directory = Word(file, 12);
        Add(parts, file, directory, 12L * count);
        for (long i = 0; i < count && directory + ((i + 1) * 12) <= file.Length; i++)
        {
            int at = (int)(directory + (i * 12));
            Add(parts, file, Word(file, at + 8), Word(file, at + 4));
        }
    }

    /// <summary>The directory of a PDB and the first block of each stream.</summary>
    private static void AddMultiStream(List<(int Offset, int Length)> parts, byte[] file)
    {
        long block = Word(file, 32);
        long list = block * Word(file, 52);
        if (block is < 512 or > 65536 || list + 4 > file.Length)
        {
            return;
        }

        long directory = block * Word(file, (int)list);
        if (directory + 4 > file.Length)
        {
            return;
        }

        // Only what lies in the first block of the directory; that is all of it in small files.
        Add(parts, file, directory, Math.Min(block, Word(file, 44)));
        uint count = Word(file, (int)directory);
        long blocks = directory + 4 + (4L * count);
        for (uint i = 0; i < count && blocks + 4 <= Math.Min(directory + block, file.Length); i++)
        {
            uint length = Word(file, (int)(directory + 4 + (4L * i)));
            if (length is not (0 or uint.MaxValue))
            {
                Add(parts, file, block * Word(file, (int)blocks), Math.Min(block, length));
                blocks += 4 * ((length + block - 1) / block);
            }
        }
    }

    private static void AddSymCache(List<(int Offset, int Length)> parts, byte[] file)
    {
        uint count = Word(file, 12);
        for (long i = 0; i < count && 128 + ((i + 1) * 32) <= file.Length; i++)
        {
            int at = (int)(128 + (i * 32));
            Add(parts, file, at, 32);
            Add(parts, file, Wide(file, at + 8, false), Wide(file, at + 16, false));
        }
    }

    /// <summary>The header and the first bytes of each block of the first folder, when nothing is reserved.</summary>
    private static List<(int Offset, int Length)> CabinetBlocks(byte[] file)
    {
        var blocks = new List<(int Offset, int Length)>();
        long at = Word(file, 36);
        for (int left = Half(file, 40, big: false); left > 0 && at + 8 < file.Length; left--)
        {
            blocks.Add(((int)at, (int)Math.Min(200, file.Length - at)));
            at += 8 + Half(file, (int)at + 4, big: false);
        }

        return blocks;
    }

    private static void Add(List<(int Offset, int Length)> parts, byte[] file, long offset, long length)
    {
        if (offset >= 0 && offset < file.Length && length > 0 && parts.Count < MaxParts)
        {
            parts.Add(((int)offset, (int)Math.Min(length, file.Length - offset)));
        }
    }

    private static int Half(byte[] file, int at, bool big) => big
        ? BinaryPrimitives.ReadUInt16BigEndian(file.AsSpan(at))
        : BinaryPrimitives.ReadUInt16LittleEndian(file.AsSpan(at));

    private static uint Word(byte[] file, int at, bool big = false) => big
        ? BinaryPrimitives.ReadUInt32BigEndian(file.AsSpan(at))
        : BinaryPrimitives.ReadUInt32LittleEndian(file.AsSpan(at));

    private static long Wide(byte[] file, int at, bool big) => big
        ? BinaryPrimitives.ReadInt64BigEndian(file.AsSpan(at))
        : BinaryPrimitives.ReadInt64LittleEndian(file.AsSpan(at));

    private static uint Crc32C(ReadOnlySpan<byte> bytes)
    {
        uint crc = uint.MaxValue;
        foreach (byte b in bytes)
        {
            crc ^= b;
            for (int bit = 0; bit < 8; bit++)
            {
                crc = (crc & 1) != 0 ? (crc >> 1) ^ 0x82f6_3b78 : crc >> 1;
            }
        }

        return ~crc;
    }
}
