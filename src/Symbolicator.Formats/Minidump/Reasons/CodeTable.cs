using System.Buffers.Text;
using System.Text;

namespace Symbolicator.Formats.Minidump;

/// <summary>
/// Names of the codes of one Windows header, an embedded text with one "VALUE NAME" a line, sorted by value. It is loaded
/// when a dump first needs it and searched in place. Written by <c>codes.py</c>.
/// </summary>
internal sealed class CodeTable
{
    private const int ValueDigits = 8;

    private readonly Lazy<byte[]> _text;

    private CodeTable(string name) => _text = new(() => Load(name));

    /// <summary>NTSTATUS (ntstatus.h).</summary>
    public static CodeTable NtStatus { get; } = new("ntstatus");

    /// <summary>System error codes, below 0x10000 (winerror.h).</summary>
    public static CodeTable Win32 { get; } = new("win32");

    /// <summary>HRESULT (winerror.h, corerror.h).</summary>
    public static CodeTable HResult { get; } = new("hresult");

    /// <summary>First parameter of <c>__fastfail</c> (winnt.h).</summary>
    public static CodeTable FastFail { get; } = new("fast-fail");

    /// <summary>Null for a code that the header does not name.</summary>
    public string? Find(uint code)
    {
        ReadOnlySpan<byte> text = _text.Value;
        int low = 0;
        int high = text.Length;
        while (low < high)
        {
            int start = text[..(low + ((high - low) / 2))].LastIndexOf((byte)'\n') + 1;
            int end = start + text[start..].IndexOf((byte)'\n');
            if (!Utf8Parser.TryParse(text.Slice(start, ValueDigits), out uint value, out _, 'x'))
            {
                throw new InvalidDataException($"line at byte {start} of a table of codes");
            }

            if (value == code)
            {
                return Encoding.ASCII.GetString(text[(start + ValueDigits + 1)..end]);
            }

            (low, high) = value < code ? (end + 1, high) : (low, start);
        }

        return null;
    }

    private static byte[] Load(string name)
    {
        using var stream = typeof(CodeTable).Assembly.GetManifestResourceStream($"codes/{name}")
            ?? throw new InvalidOperationException($"no table of codes named {name}");
        byte[] text = new byte[stream.Length];
        stream.ReadExactly(text);
        return text;
    }
}
