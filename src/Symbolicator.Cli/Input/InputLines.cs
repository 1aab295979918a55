using System.Text;

namespace Symbolicator.Cli.Input;

/// <summary>Lines of standard input, without their ends. A line may have any length up to 1 MiB.</summary>
internal sealed class InputLines(Stream input)
{
    private const int MaxLine = 1 << 20;

    private byte[] _buffer = new byte[16 << 10];
    private int _start;
    private int _end;
    private bool _atEnd;

    /// <summary>Lines read so far.</summary>
    public int Number { get; private set; }

    /// <summary>True when the next line is here already, so that reading it does not wait.</summary>
    public bool HasLine => _buffer.AsSpan(_start, _end - _start).Contains((byte)'\n');

    /// <summary>The next line; null at the end.</summary>
    public string? Read()
    {
        int scanned = 0;
        while (true)
        {
            int end = _buffer.AsSpan(_start + scanned, _end - _start - scanned).IndexOf((byte)'\n');
            if (end >= 0)
            {
                return Take(scanned + end, 1);
            }

            scanned = _end - _start;
            if (_atEnd)
            {
                return scanned == 0 ? null : Take(scanned, 0);
            }

            Fill();
        }
    }

    private string Take(int length, int terminator)
    {
        var line = _buffer.AsSpan(_start, length);
        _start += length + terminator;
        Number++;
        return Encoding.UTF8.GetString(line.EndsWith("\r"u8) ? line[..^1] : line);
    }

    private void Fill()
    {
        int kept = _end - _start;
        if (kept >= MaxLine)
        {
            throw new CommandException($"line {Number + 1} of standard input is longer than {MaxLine} bytes");
        }

        if (_start > 0)
        {
            _buffer.AsSpan(_start, kept).CopyTo(_buffer);
            (_start, _end) = (0, kept);
        }
        else if (_end == _buffer.Length)
        {
            Array.Resize(ref _buffer, _buffer.Length * 2);
        }

        int read = input.Read(_buffer, _end, _buffer.Length - _end);
        _end += read;
        _atEnd = read == 0;
    }
}
