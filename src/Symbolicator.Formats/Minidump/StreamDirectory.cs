using Symbolicator.Formats.Core;
using Symbolicator.Formats.Model;

namespace Symbolicator.Formats.Minidump;

/// <summary>Header and stream directory (MINIDUMP_HEADER, MINIDUMP_DIRECTORY).</summary>
internal sealed class StreamDirectory
{
    private readonly Dictionary<uint, Location> _streams;

    private StreamDirectory(Dictionary<uint, Location> streams) => _streams = streams;

    public required bool BigEndian { get; init; }

    /// <summary>Seconds since 1970 at which the dump was written.</summary>
    public required uint Timestamp { get; init; }

    /// <summary>MINIDUMP_TYPE bits.</summary>
    public required ulong Flags { get; init; }

    /// <exception cref="MalformedFileException">Header or directory cannot be read.</exception>
    public static StreamDirectory Read(FileBytes file, ParseLimits limits)
    {
        if (!file.TrySlice(new ByteRange(0, MinidumpConstants.HeaderSize), out var header))
        {
            throw Malformed(MalformedReason.Truncated, file.Length, "Missing minidump header (empty minidump?)");
        }

        var probe = new ByteReader(header);
        bool bigEndian = probe.ReadU32() switch
        {
            MinidumpConstants.Signature => false,
            MinidumpConstants.SwappedSignature => true,
            _ => throw Malformed(MalformedReason.BadMagic, 0, "Header mismatch"),
        };

        var reader = new ByteReader(header, bigEndian);
        reader.Skip(4);
        if ((reader.ReadU32() & 0xffff) != MinidumpConstants.Version)
        {
            throw Malformed(MalformedReason.BadVersion, 4, "Minidump version mismatch");
        }

        uint count = reader.ReadU32();
        uint rva = reader.ReadU32();
        reader.Skip(4);
        uint timestamp = reader.ReadU32();
        ulong flags = reader.ReadU64();
        if (count > (uint)limits.MinidumpStreams)
        {
            throw Malformed(MalformedReason.CountOverLimit, 8, MissingDirectory);
        }

        if (!file.All.TrySlice(rva, (ulong)count * MinidumpConstants.DirectoryEntrySize, out var range)
            || !file.TrySlice(range, out var window))
        {
            throw Malformed(MalformedReason.Truncated, Math.Min(rva, file.Length), MissingDirectory);
        }

        return new StreamDirectory(ReadEntries(new ByteReader(window, bigEndian, rva), (int)count))
        {
            BigEndian = bigEndian,
            Timestamp = timestamp,
            Flags = flags,
        };
    }

    /// <summary>Where a stream lies; false when the dump has none of this type.</summary>
    public bool TryFind(StreamType type, out Location location) => _streams.TryGetValue((uint)type, out location);

    private const string MissingDirectory = "Missing stream directory (heavily truncated minidump?)";

    private static Dictionary<uint, Location> ReadEntries(ByteReader reader, int count)
    {
        var streams = new Dictionary<uint, Location>(count);
        for (int i = 0; i < count; i++)
        {
            uint type = reader.ReadU32();
            var location = Location.Read(ref reader);

            // Writers reserve entries that they do not fill, and some write a type twice: the first with content counts.
            if (type != (uint)StreamType.Unused && (!streams.TryGetValue(type, out var known) || known.Size == 0))
            {
                streams[type] = location;
            }
        }

        return streams;
    }

    private static MalformedFileException Malformed(MalformedReason reason, long offset, string detail) =>
        new(FileFormat.Minidump, new ParseFault(reason, offset), detail);
}
