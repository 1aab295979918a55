using System.Buffers;
using System.Text;
using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Serialization.Metadata;
using Symbolicator.Engine.Rendering;

namespace Symbolicator.Cli.Output;

/// <summary>Buffered UTF-8 lines for standard output. Dispose writes what is left.</summary>
internal sealed class LineWriter : IDisposable
{
    private const int FlushAt = 64 << 10;

    private readonly Stream _output;
    private readonly ArrayBufferWriter<byte> _buffer = new(FlushAt + 4096);
    private Utf8JsonWriter? _json;
    private bool _closed;

    public LineWriter(Terminal terminal)
    {
        _output = terminal.Output;
        Style = terminal.IsInteractive ? Style.Ansi : Style.Plain;
    }

    /// <summary>Escape sequences for people's output, empty strings unless it is a terminal.</summary>
    public Style Style { get; }

    public LineWriter Write(ReadOnlySpan<char> text)
    {
        Encoding.UTF8.GetBytes(text, _buffer);
        return this;
    }

    /// <summary>Bytes of a name or path; what is not UTF-8 is replaced, control characters are too.</summary>
    public LineWriter WriteText(ReadOnlySpan<byte> utf8) => Write(Printable.Of(utf8));

    public LineWriter WriteHex(ulong value) => Write($"0x{value:x}");

    public void EndLine()
    {
        _buffer.Write("\n"u8);
        if (_buffer.WrittenCount >= FlushAt)
        {
            Flush();
        }
    }

    /// <summary>One value as one line.</summary>
    public void WriteJson<T>(T value, JsonTypeInfo<T> type)
    {
        if (_json is null)
        {
            // Names are full of < and >: text is escaped for JSON, not for HTML.
            _json = new Utf8JsonWriter(_buffer, new JsonWriterOptions { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping });
        }
        else
        {
            _json.Reset(_buffer);
        }

        JsonSerializer.Serialize(_json, value, type);
        _json.Flush();
        EndLine();
    }

    public void Flush()
    {
        if (_closed || _buffer.WrittenCount == 0)
        {
            return;
        }

        try
        {
            _output.Write(_buffer.WrittenSpan);
            _output.Flush();
            _buffer.ResetWrittenCount();
        }
        catch (IOException e)
        {
            _closed = true;
            throw new OutputClosedException(e);
        }
    }

    public void Dispose()
    {
        _json?.Dispose();
        Flush();
    }
}
