using System.Text;
using Symbolicator.Formats.Core;
using Symbolicator.Formats.Model;

namespace Symbolicator.Formats.Minidump;

/// <summary>
/// What the stream readers share: the bytes, their order, the limits and the fault log. Texts are charged to one
/// budget per dump, because any number of records may point at the same long text.
/// </summary>
internal sealed class MinidumpSource(FileBytes file, bool bigEndian, ParseLimits limits, FaultLog faults)
{
    /// <summary>What a record of texts costs besides its bytes, so that many short ones are not free.</summary>
    public const long RecordCost = 32;

    private long _textBytes;

    public FileBytes File { get; } = file;

    public bool BigEndian { get; } = bigEndian;

    public ParseLimits Limits { get; } = limits;

    public FaultLog Faults { get; } = faults;

    /// <summary>A cursor over a part of the file; false when it leaves the file or is longer than 2 GiB.</summary>
    public bool TryReader(ulong offset, ulong length, out ByteReader reader)
    {
        if (File.All.TrySlice(offset, length, out var range) && File.TrySlice(range, out var window))
        {
            reader = new ByteReader(window, BigEndian, range.Offset);
            return true;
        }

        reader = default;
        return false;
    }

    public bool TryReader(in Location location, out ByteReader reader) => TryReader(location.Rva, location.Size, out reader);

    /// <summary>Registers; null after a fault.</summary>
    public CpuContext? ReadContext(in Location location, CpuFamily cpu, string what)
    {
        if (!TryReader(location, out var reader))
        {
            Faults.Add(new ParseFault(MalformedReason.OutOfRange, FaultOffset(location.Rva)), what);
            return null;
        }

        var context = CpuContext.Read(ref reader, cpu);
        if (context is null)
        {
            Faults.Add(reader.Fault, what);
        }

        return context;
    }

    /// <summary>A UTF-16 text with its length in bytes before it (MINIDUMP_STRING); null after a fault.</summary>
    public string? ReadUtf16(ulong rva, string what)
    {
        var bytes = ReadCounted(rva, what);
        return bytes.IsEmpty ? null : DecodeUtf16(bytes);
    }

    /// <summary>A UTF-8 text with its length in bytes before it (MinidumpUTF8String); null after a fault.</summary>
    public string? ReadUtf8(ulong rva, string what)
    {
        var bytes = ReadCounted(rva, what);
        return bytes.IsEmpty ? null : DecodeUtf8(bytes);
    }

    /// <summary>
    /// Decodes UTF-16 up to its first NUL. Lone surrogates become U+FFFD, the last byte of an odd length is a writer's
    /// mistake and is left out.
    /// </summary>
    public string DecodeUtf16(ReadOnlySpan<byte> bytes)
    {
        var encoding = BigEndian ? Encoding.BigEndianUnicode : Encoding.Unicode;
        string text = encoding.GetString(bytes[..(bytes.Length & ~1)]);
        int end = text.IndexOf('\0', StringComparison.Ordinal);
        return end < 0 ? text : text[..end];
    }

    /// <summary>Decodes UTF-8 up to its first NUL.</summary>
    public static string DecodeUtf8(ReadOnlySpan<byte> bytes)
    {
        int end = bytes.IndexOf((byte)0);
        return Encoding.UTF8.GetString(end < 0 ? bytes : bytes[..end]);
    }

    /// <summary>True once a text has been refused.</summary>
    public bool TextExhausted => Interlocked.Read(ref _textBytes) > Limits.MinidumpTextBytes;

    /// <summary>Charges a text to the budget; false when it is spent.</summary>
    public bool TryCharge(long bytes) => Interlocked.Add(ref _textBytes, bytes) <= Limits.MinidumpTextBytes;

    private ReadOnlySpan<byte> ReadCounted(ulong rva, string what)
    {
        // Charged also when it fails: lists of lists may ask for the same damaged text without end.
        if (!TryCharge(RecordCost))
        {
            Faults.Add(new ParseFault(MalformedReason.SizeOverLimit, FaultOffset(rva)), what);
            return default;
        }

        if (!TryReader(rva, sizeof(uint), out var head))
        {
            Faults.Add(new ParseFault(MalformedReason.OutOfRange, FaultOffset(rva)), what);
            return default;
        }

        uint length = head.ReadU32();
        if (!TryReader(rva + sizeof(uint), length, out var reader))
        {
            Faults.Add(new ParseFault(MalformedReason.Truncated, FaultOffset(rva)), what);
            return default;
        }

        int kept = (int)Math.Min(length, (uint)Limits.StringBytes);
        if (!TryCharge(kept))
        {
            Faults.Add(new ParseFault(MalformedReason.SizeOverLimit, FaultOffset(rva)), what);
            return default;
        }

        // An empty text must differ from an absent one: it is given as its terminator.
        return kept == 0 ? "\0"u8 : reader.ReadBytes((ulong)kept);
    }

    public long FaultOffset(ulong rva) => (long)Math.Min(rva, (ulong)File.Length);
}

/// <summary>Size and offset in the file of something (MINIDUMP_LOCATION_DESCRIPTOR).</summary>
internal readonly record struct Location(uint Size, uint Rva)
{
    public const int Bytes = 8;

    public bool IsEmpty => Size == 0 || Rva == 0;

    public static Location Read(ref ByteReader reader) => new(reader.ReadU32(), reader.ReadU32());
}
