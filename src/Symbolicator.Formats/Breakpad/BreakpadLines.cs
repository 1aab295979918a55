using Symbolicator.Formats.Core;

namespace Symbolicator.Formats.Breakpad;

/// <summary>
/// Forward cursor over the lines of a symbol file of any size. Ends are LF, CR LF or CR CR LF (Windows tools write
/// text through a text stream twice); the last line may lack its end. A line that is longer than
/// <see cref="MaxLineBytes"/> is cut there. A view: whoever makes it holds a lease of the file.
/// </summary>
internal ref struct BreakpadLines
{
    /// <summary>Longer than any name that a compiler emits; longer lines lose their tail.</summary>
    public const int MaxLineBytes = 16 << 20;

    private const int WindowBytes = 1 << 30;

    private readonly FileBytes _file;
    private ReadOnlySpan<byte> _window;
    private long _position;

    public BreakpadLines(FileBytes file, long position)
    {
        _file = file;
        _position = position;
        Slide();
    }

    /// <summary>Offset in the file of the next line.</summary>
    public readonly long Position => _position;

    /// <summary>The next line without its end; false at the end of the file.</summary>
    /// <param name="line">The line, possibly empty.</param>
    /// <param name="offset">Its offset in the file.</param>
    public bool TryReadNext(out ReadOnlySpan<byte> line, out long offset)
    {
        offset = _position;
        int end = _window.IndexOf((byte)'\n');
        if (end < 0 && _position + _window.Length < _file.Length)
        {
            Slide();
            end = _window.IndexOf((byte)'\n');
        }

        if (end < 0 && _window.IsEmpty)
        {
            line = default;
            return false;
        }

        line = end < 0 ? _window : _window[..end];
        Advance(end < 0 ? _window.Length : end + 1);
        if (line.Length > MaxLineBytes)
        {
            line = line[..MaxLineBytes];
        }

        line = line.TrimEnd((byte)'\r');
        return true;
    }

    private void Advance(int bytes)
    {
        _position += bytes;
        _window = _window[bytes..];
    }

    private void Slide() =>
        _file.TrySlice(new ByteRange(_position, Math.Min(WindowBytes, Math.Max(0, _file.Length - _position))), out _window);
}
