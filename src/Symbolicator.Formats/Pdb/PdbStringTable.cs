using Symbolicator.Formats.Core;
using Symbolicator.Formats.Pdb.Msf;

namespace Symbolicator.Formats.Pdb;

/// <summary>
/// The <c>/names</c> stream: file names and frame programs by offset. Empty when the file has none. Not thread-safe.
/// </summary>
internal sealed class PdbStringTable : IDisposable
{
    private const uint Signature = 0xeffe_effe;
    private const int HeaderBytes = 12;

    private readonly MsfReader _stream;
    private readonly ParseLimits _limits;
    private readonly long _size;

    private PdbStringTable(MsfReader stream, ParseLimits limits, long size)
    {
        _stream = stream;
        _limits = limits;
        _size = size;
    }

    public static PdbStringTable Open(MsfStream stream, ParseLimits limits, FaultLog faults)
    {
        var reader = new MsfReader(stream);
        if (!stream.IsEmpty && reader.TryReadU32(0, out uint signature) && signature == Signature && reader.TryReadU32(8, out uint size))
        {
            return new PdbStringTable(reader, limits, Math.Min(size, stream.Length - HeaderBytes));
        }

        if (!stream.IsEmpty)
        {
            faults.Add(reader.FaultAt(MalformedReason.BadMagic, 0), "/names");
        }

        return new PdbStringTable(reader, limits, 0);
    }

    /// <summary>The text at an offset, valid until the next call; false for an offset outside.</summary>
    public bool TryGet(uint offset, out ReadOnlySpan<byte> text)
    {
        text = default;
        return offset < _size && _stream.TryReadCString(HeaderBytes + (long)offset, _limits.StringBytes, out text);
    }

    public void Dispose() => _stream.Dispose();
}
