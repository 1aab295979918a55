using System.Text;

namespace Symbolicator.TestKit;

/// <summary>Writes symbol files line by line, as the format's description has them and not as our reader reads them.</summary>
public sealed class BreakpadBuilder
{
    private readonly List<string> _lines = [];

    /// <summary>What ends a line.</summary>
    public string LineEnd { get; init; } = "\n";

    /// <summary>Leaves out the end of the last line.</summary>
    public bool OpenEnd { get; init; }

    public BreakpadBuilder Module(
        string os = "Linux", string arch = "x86_64", string id = "C0BCC3F19827FE653058404B2831D9E60", string name = "crash") =>
        Line($"MODULE {os} {arch} {id} {name}");

    public BreakpadBuilder File(uint id, string path) => Line($"FILE {id} {path}");

    public BreakpadBuilder Func(ulong address, ulong size, string name) => Line($"FUNC {address:x} {size:x} 0 {name}");

    public BreakpadBuilder Public(ulong address, string name) => Line($"PUBLIC {address:x} 0 {name}");

    public BreakpadBuilder Row(ulong address, ulong size, long line, long file) => Line($"{address:x} {size:x} {line} {file}");

    public BreakpadBuilder Origin(uint id, string name) => Line($"INLINE_ORIGIN {id} {name}");

    public BreakpadBuilder Inline(int depth, long callLine, long callFile, uint origin, params (ulong Address, ulong Size)[] ranges) =>
        Line($"INLINE {depth} {callLine} {callFile} {origin} {string.Join(' ', ranges.Select(range => $"{range.Address:x} {range.Size:x}"))}");

    public BreakpadBuilder CfiInit(ulong address, ulong size, string rules) => Line($"STACK CFI INIT {address:x} {size:x} {rules}");

    public BreakpadBuilder Cfi(ulong address, string rules) => Line($"STACK CFI {address:x} {rules}");

    /// <summary>A STACK WIN record of type 4.</summary>
    public BreakpadBuilder FrameData(
        ulong address, ulong size, string program, uint parameters = 0, uint saved = 0, uint locals = 0) =>
        Line($"STACK WIN 4 {address:x} {size:x} 0 0 {parameters:x} {saved:x} {locals:x} 0 1 {program}");

    /// <summary>A STACK WIN record of type 0.</summary>
    public BreakpadBuilder Fpo(
        ulong address, ulong size, uint parameters = 0, uint saved = 0, uint locals = 0, bool usesBasePointer = false) =>
        Line($"STACK WIN 0 {address:x} {size:x} 0 0 {parameters:x} {saved:x} {locals:x} 0 0 {(usesBasePointer ? 1 : 0)}");

    public BreakpadBuilder Line(string text)
    {
        _lines.Add(text);
        return this;
    }

    public byte[] ToBytes()
    {
        string text = string.Join(LineEnd, _lines);
        return Encoding.UTF8.GetBytes(OpenEnd ? text : text + LineEnd);
    }
}
