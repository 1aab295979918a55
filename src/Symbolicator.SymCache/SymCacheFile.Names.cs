using System.Buffers;
using System.Buffers.Binary;
using System.Text;
using Symbolicator.Formats.Core;
using Symbolicator.Formats.Model;

namespace Symbolicator.SymCache;

public sealed partial class SymCacheFile
{
    /// <summary>Builders cut longer strings; a damaged cache does not get to allocate more either.</summary>
    internal const int MaxStringBytes = 256 << 10;

    private const int StringGroup = 16;

    /// <summary>
    /// Copies the raw (mangled) name of a function and returns its length; 0 for an unknown id or a function without
    /// name. When the destination is too short, the result is the negated number of bytes needed and the content of
    /// the destination is undefined.
    /// </summary>
    public int CopyFunctionName(int id, Span<byte> destination) => CopyString(_names, _counts.Names, NameOf(id), destination);

    /// <summary>The raw name of a function; empty for an unknown id. Bytes that are not UTF-8 are replaced.</summary>
    public string GetFunctionName(int id) => GetString(_names, _counts.Names, NameOf(id));

    /// <summary>The raw name as it lies in the file. False in a cache with compact strings; use the copy then.</summary>
    public bool TryGetFunctionNameSpan(int id, out ReadOnlySpan<byte> name)
    {
        name = default;
        return Info.PlainStrings && TryFindPlain(_names, _counts.Names, NameOf(id), out name);
    }

    /// <summary>The full path of a source file, joined and cleaned; null for 0 or an unknown id.</summary>
    public string? GetPath(int fileId)
    {
        if (!TryGetPathParts(fileId, out string compilationDirectory, out string directory, out string name))
        {
            return null;
        }

        string path = SourcePath.Clean(SourcePath.Join(compilationDirectory, directory, name));
        return path.Length == 0 ? null : path;
    }

    /// <summary>The parts of a path as the producer stored them.</summary>
    public bool TryGetPathParts(int fileId, out string compilationDirectory, out string directory, out string name)
    {
        compilationDirectory = directory = name = "";
        if (fileId <= 0 || (uint)fileId > _counts.Files)
        {
            return false;
        }

        var row = View(_files).Slice((fileId - 1) * 12, 12);
        directory = GetString(_paths, _counts.Paths, BinaryPrimitives.ReadUInt32LittleEndian(row));
        name = GetString(_paths, _counts.Paths, BinaryPrimitives.ReadUInt32LittleEndian(row[4..]));
        compilationDirectory = GetString(_paths, _counts.Paths, BinaryPrimitives.ReadUInt32LittleEndian(row[8..]));
        return true;
    }

    /// <summary>Number of the name of a function, from 1; 0 for none.</summary>
    private uint NameOf(int id) =>
        id < 0 || (uint)id >= _counts.Functions ? 0 : BinaryPrimitives.ReadUInt32LittleEndian(View(_functions)[(id * 4)..]);

    private string GetString(ByteRange section, uint count, uint number)
    {
        Span<byte> small = stackalloc byte[512];
        int length = CopyString(section, count, number, small);
        if (length >= 0)
        {
            return Encoding.UTF8.GetString(small[..length]);
        }

        byte[] rented = ArrayPool<byte>.Shared.Rent(-length);
        length = CopyString(section, count, number, rented);
        string text = Encoding.UTF8.GetString(rented.AsSpan(0, Math.Max(length, 0)));
        ArrayPool<byte>.Shared.Return(rented);
        return text;
    }

    private int CopyString(ByteRange section, uint count, uint number, Span<byte> destination)
    {
        if (Info.PlainStrings)
        {
            if (!TryFindPlain(section, count, number, out var text))
            {
                return 0;
            }

            if (text.Length > destination.Length)
            {
                return -text.Length;
            }

            text.CopyTo(destination);
            return text.Length;
        }

        return CopyFrontCoded(section, count, number, destination);
    }

    private bool TryFindPlain(ByteRange section, uint count, uint number, out ReadOnlySpan<byte> text)
    {
        text = default;
        if (number == 0 || number > count)
        {
            return false;
        }

        uint index = number - 1;
        var bytes = new ByteReader(Part(section, 0, index / StringGroup, Groups(count)));
        for (uint left = index % StringGroup; left > 0; left--)
        {
            bytes.Skip(bytes.ReadUleb128());
        }

        text = bytes.ReadBytes(bytes.ReadUleb128());
        return bytes.Fault.IsNone && text.Length <= MaxStringBytes;
    }

    /// <summary>
    /// Each string of a group is the beginning of the one before plus a suffix, so all are built in the destination in
    /// turn. What does not fit is not written: a result that fits never needs it.
    /// </summary>
    private int CopyFrontCoded(ByteRange section, uint count, uint number, Span<byte> destination)
    {
        if (number == 0 || number > count)
        {
            return 0;
        }

        uint index = number - 1;
        var bytes = new ByteReader(Part(section, 0, index / StringGroup, Groups(count)));
        ulong length = 0;
        for (uint left = index % StringGroup; ; left--)
        {
            ulong shared = bytes.ReadUleb128();
            var suffix = bytes.ReadBytes(bytes.ReadUleb128());
            if (!bytes.Fault.IsNone || shared > length || shared + (ulong)suffix.Length > MaxStringBytes)
            {
                return 0;
            }

            if (shared < (ulong)destination.Length)
            {
                var room = destination[(int)shared..];
                suffix[..Math.Min(suffix.Length, room.Length)].CopyTo(room);
            }

            length = shared + (ulong)suffix.Length;
            if (left == 0)
            {
                return length > (ulong)destination.Length ? -(int)length : (int)length;
            }
        }
    }
}
