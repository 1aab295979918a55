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

    // Texts do not overlap; in damaged tables each offset may begin a long one, or one without an end.
    private const long FreeBytes = 64 << 20;
    private const int Reuse = 64;

    private readonly MsfReader _stream;
    private readonly ParseLimits _limits;
    private readonly FaultLog _faults;
    private readonly long _size;
    private long _bytesLeft;

    private PdbStringTable(MsfReader stream, ParseLimits limits, FaultLog faults, long size)
    {
        _stream = stream;
        _limits = limits;
        _faults = faults;
        _size = size;
        _bytesLeft = FreeBytes + (Reuse * size);
    }

    public static PdbStringTable Open(MsfStream stream, ParseLimits limits, FaultLog faults)
    {
        var reader = new MsfReader(stream);
        if (!stream.IsEmpty && reader.TryReadU32(0, out uint signature) && signature == Signature && reader.TryReadU32(8, out uint size))
        {
            return new PdbStringTable(reader, limits, faults, Math.Min(size, stream.Length - HeaderBytes));
        }

        if (!stream.IsEmpty)
        {
            faults.Add(reader.FaultAt(MalformedReason.BadMagic, 0), "/names");
        }

        return new PdbStringTable(reader, limits, faults, 0);
    }

    /// <summary>
    /// The text at an offset, valid until the next call; false for an offset outside, and when all calls together have
    /// looked at much more than there is.
    /// </summary>
    public bool TryGet(uint offset, out ReadOnlySpan<byte> text)
    {
        text = default;
        if (offset >= _size || _bytesLeft < 0)
        {
            return false;
        }

        bool found = _stream.TryReadCString(HeaderBytes + (long)offset, _limits.StringBytes, out text);
        _bytesLeft -= found ? text.Length : Math.Min(_limits.StringBytes, _stream.Length);
        if (_bytesLeft < 0)
        {
            _faults.Add(_stream.FaultAt(MalformedReason.StepsOverLimit, HeaderBytes + (long)offset), "/names");
        }

        return found;
    }

    public void Dispose() => _stream.Dispose();
}
