using System.Buffers.Binary;
using Symbolicator.Formats.Core;
using Symbolicator.Formats.Model;
using Symbolicator.SymCache.Layout;

namespace Symbolicator.SymCache;

/// <summary>
/// An open symcache (docs/symcache-format.md). Safe to use from several threads; valid until disposed. Opening checks
/// header and directory only; a damaged section may give a wrong answer, never an exception or unbounded work.
/// </summary>
public sealed partial class SymCacheFile : IDisposable
{
    private readonly FileBytes _file;
    private readonly ScfSectionEntry[] _directory;
    private readonly ScfCounts _counts;
    private readonly ByteRange _blockIndex;
    private readonly ByteRange _rows;
    private readonly ByteRange _contexts;
    private readonly ByteRange _functions;
    private readonly ByteRange _files;
    private readonly ByteRange _names;
    private readonly ByteRange _paths;
    private readonly ByteRange _summaries;
    private readonly ByteRange _pages;
    private int _disposed;

    private SymCacheFile(FileBytes file)
    {
        _file = file;
        if (file.Length < ScfHeader.Size || !file.TrySlice(new ByteRange(0, ScfHeader.Size), out var bytes))
        {
            throw Malformed(MalformedReason.Truncated, 0);
        }

        if (!bytes.StartsWith(ScfHeader.Magic))
        {
            throw Malformed(MalformedReason.BadMagic, 0);
        }

        if (BinaryPrimitives.ReadUInt16LittleEndian(bytes[4..]) != ScfHeader.Major)
        {
            throw Malformed(MalformedReason.BadVersion, 4);
        }

        if (BinaryPrimitives.ReadUInt32LittleEndian(bytes[ScfHeader.ChecksumOffset..]) != Crc32C.Of(bytes[..ScfHeader.ChecksumOffset]))
        {
            throw Malformed(MalformedReason.BadChecksum, ScfHeader.ChecksumOffset);
        }

        var header = ScfHeader.Read(bytes);
        _counts = header.Counts;
        if (header.FileLength < ScfHeader.Size || header.FileLength > file.Length)
        {
            throw Malformed(MalformedReason.Truncated, 48);
        }

        _directory = ReadDirectory(header, out var codeId, out string? name);
        _blockIndex = Section(ScfSection.BlockIndex, 8L * _counts.Blocks);
        _rows = Section(ScfSection.Rows, 0);
        _contexts = Section(ScfSection.Contexts, 4 * ContextGroup.Count(_counts.Contexts));
        _functions = Section(ScfSection.Functions, (5L * _counts.Functions) + (4L * _counts.Entries));
        _files = Section(ScfSection.Files, 12L * _counts.Files);
        _names = Section(ScfSection.Names, 4 * Groups(_counts.Names));
        _paths = Section(ScfSection.Paths, 4 * Groups(_counts.Paths));
        _summaries = Section(ScfSection.Summaries, 0);
        _pages = Section(ScfSection.Pages, 0);
        if (_counts.Entries > _counts.Functions || _counts.Functions > int.MaxValue
            || _counts.Files > int.MaxValue || _counts.Names > int.MaxValue)
        {
            throw Malformed(MalformedReason.BadValue, 72);
        }

        Info = new SymCacheInfo(
            header.Arch,
            header.Flags.HasFlag(ScfFlags.HasDebugId) ? header.DebugId : null,
            codeId,
            name,
            header.Kind,
            header.Origin,
            header.Features,
            header.ImageBase,
            header.ImageSize,
            header.SourceSize,
            header.Fingerprint,
            header.Flags.HasFlag(ScfFlags.PlainStrings),
            header.FaultCount,
            (int)_counts.Functions,
            (int)_counts.Entries,
            (int)_counts.Files,
            _counts.Rows,
            _counts.Contexts,
            (int)_counts.Names);
    }

    public SymCacheInfo Info { get; }

    /// <summary>Opens a cache and takes over one lease of its bytes, also when this fails.</summary>
    /// <exception cref="MalformedFileException">Not a symcache of this version, cut short, or its header is damaged.</exception>
    public static SymCacheFile Open(FileBytes file)
    {
        try
        {
            return new SymCacheFile(file);
        }
        catch
        {
            file.Dispose();
            throw;
        }
    }

    public void Dispose()
    {
        if (Interlocked.Exchange(ref _disposed, 1) == 0)
        {
            _file.Dispose();
        }
    }

    /// <summary>Compares the checksums of all sections and returns the number of bytes read.</summary>
    /// <exception cref="MalformedFileException">A section is not what was written.</exception>
    public long Verify()
    {
        long total = 0;
        foreach (var section in _directory)
        {
            var crc = default(Crc32C);
            const int Window = 1 << 20;
            for (long at = 0; at < section.Range.Length; at += Window)
            {
                int length = (int)Math.Min(Window, section.Range.Length - at);
                if (_file.TrySlice(new ByteRange(section.Range.Offset + at, length), out var bytes))
                {
                    crc.Append(bytes);
                }
            }

            if (crc.Value != section.Checksum)
            {
                throw Malformed(MalformedReason.BadChecksum, section.Range.Offset);
            }

            total += section.Range.Length;
        }

        return total;
    }

    /// <summary>String tables are read in groups of 16.</summary>
    private static long Groups(uint count) => ((long)count + StringGroup - 1) / StringGroup;

    private static MalformedFileException Malformed(MalformedReason reason, long offset) =>
        new(FileFormat.SymCache, new ParseFault(reason, offset));

    private ScfSectionEntry[] ReadDirectory(in ScfHeader header, out CodeId? codeId, out string? name)
    {
        // The counts are checked before anything is sized by them.
        if (header.SectionCount is < 0 or > ScfSectionEntry.MaxCount || header.IdentityLength is < 0 or > ScfIdentity.MaxLength)
        {
            throw Malformed(MalformedReason.CountOverLimit, 12);
        }

        int tableLength = header.SectionCount * ScfSectionEntry.Size;
        if (!new ByteRange(0, header.FileLength).TrySlice(ScfHeader.Size, (ulong)(tableLength + header.IdentityLength), out var range)
            || !_file.TrySlice(range, out var bytes))
        {
            throw Malformed(MalformedReason.Truncated, ScfHeader.Size);
        }

        if (Crc32C.Of(bytes) != header.DirectoryChecksum)
        {
            throw Malformed(MalformedReason.BadChecksum, ScfHeader.Size);
        }

        var directory = new ScfSectionEntry[header.SectionCount];
        for (int i = 0; i < directory.Length; i++)
        {
            if (!ScfSectionEntry.TryRead(bytes[(i * ScfSectionEntry.Size)..], header.FileLength, out directory[i]))
            {
                throw Malformed(MalformedReason.OutOfRange, ScfHeader.Size + (i * ScfSectionEntry.Size));
            }
        }

        (codeId, name) = ScfIdentity.Decode(bytes[tableLength..]);
        return directory;
    }

    /// <summary>A section that is absent or shorter than its fixed part may only be so when there is nothing in it.</summary>
    private ByteRange Section(ScfSection kind, long fixedPart)
    {
        var range = default(ByteRange);
        foreach (var entry in _directory)
        {
            if (entry.Kind == kind)
            {
                range = entry.Range;
                break;
            }
        }

        // Rows and strings are read in windows; everything else must fit one view.
        bool windowed = kind is ScfSection.Rows or ScfSection.Names or ScfSection.Paths;
        if (range.Length < fixedPart || (!windowed && range.Length > int.MaxValue))
        {
            throw Malformed(MalformedReason.BadValue, range.Offset);
        }

        return range;
    }

    private ReadOnlySpan<byte> View(ByteRange range) => _file.TrySlice(range, out var bytes) ? bytes : default;

    /// <summary>Part of a section from a table of 32-bit offsets: from the one at an index to the next or the section's end.</summary>
    private ReadOnlySpan<byte> Part(ByteRange section, long tableOffset, long index, long count)
    {
        int wanted = index + 1 < count ? 8 : 4;
        if (!section.TrySlice((ulong)(tableOffset + (index * 4)), (ulong)wanted, out var at) || !_file.TrySlice(at, out var pair))
        {
            return default;
        }

        long start = BinaryPrimitives.ReadUInt32LittleEndian(pair);
        return Part(section, start, wanted == 8 ? BinaryPrimitives.ReadUInt32LittleEndian(pair[4..]) : section.Length);
    }

    private ReadOnlySpan<byte> Part(ByteRange section, long start, long end) =>
        start <= end && section.TrySlice((ulong)start, (ulong)(end - start), out var range) ? View(range) : default;
}
