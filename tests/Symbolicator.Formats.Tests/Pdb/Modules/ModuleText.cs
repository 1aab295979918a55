using System.Text;
using Symbolicator.Formats.Core;
using Symbolicator.Formats.Model;
using Symbolicator.TestKit;
using Symbolicator.TestKit.Bytes;

namespace Symbolicator.Formats.Tests.Pdb.Modules;

/// <summary>
/// A PDB with one code section at 0x1000, and its functions as text: name, ranges, rows, then each inlined call with its
/// depth, ranges and the line of the call.
/// </summary>
internal sealed class ModuleText
{
    public ModuleText(int blockSize = 4096)
    {
        Pdb = new PdbBuilder(blockSize);
        Pdb.Section(".text", 0x1000, 0x10000);
    }

    public PdbBuilder Pdb { get; }

    public ParseLimits Limits { get; init; } = ParseLimits.Default;

    public FaultLog? Faults { get; private set; }

    /// <summary>Names items from 0x1000 on.</summary>
    public ModuleText Inlinees(params string[] names)
    {
        var items = new ByteBuilder();
        foreach (string name in names)
        {
            items.Bytes(PdbBuilder.Record(0x1601, new ByteBuilder().U32(0).U32(0).CString(name).ToArray())); // LF_FUNC_ID
        }

        Pdb.Items = PdbBuilder.TypeStream(items.ToArray(), names.Length);
        return this;
    }

    public ModuleText Module(CodeViewSymbols symbols, CodeViewLines? lines = null, string name = "a.obj")
    {
        Pdb.Module(name, symbols.ToArray(), lines?.ToArray());
        return this;
    }

    public string[] Functions() => Functions(Pdb.Build());

    public string[] Functions(byte[] bytes)
    {
        var texts = new List<string>();
        Read(bytes, (function, names) => texts.Add(Describe(function, names)));
        return [.. texts];
    }

    /// <summary>Numbers of functions and of their rows.</summary>
    public (int Functions, long Rows) Count()
    {
        int functions = 0;
        long rows = 0;
        Read(Pdb.Build(), (function, _) =>
        {
            functions++;
            rows += function.Lines.Count;
        });
        return (functions, rows);
    }

    private void Read(byte[] bytes, Action<FunctionBuffer, InternPool> take)
    {
        using var file = new MemoryFileBytes(bytes);
        using var image = Formats.Pdb.PdbFormat.Open(file, Limits).Single();
        var names = new InternPool();
        using var session = image.OpenDebugSession(names);
        var function = new FunctionBuffer();
        while (session is not null && session.TryReadNext(function))
        {
            Check(function);
            take(function, names);
        }

        Faults = image.Faults;
    }

    /// <summary>What <see cref="FunctionBuffer"/> promises.</summary>
    private static void Check(FunctionBuffer function)
    {
        Assert.NotEmpty(function.Ranges);
        for (int i = 0; i < function.Ranges.Count; i++)
        {
            Assert.False(function.Ranges[i].IsEmpty);
            Assert.True(i == 0 || function.Ranges[i].Start > function.Ranges[i - 1].End);
        }

        int range = 0;
        for (int i = 0; i < function.Lines.Count; i++)
        {
            ulong address = function.Lines[i].Address;
            Assert.True(i == 0 || address >= function.Lines[i - 1].Address);
            while (function.Ranges[range].End <= address)
            {
                range++;
            }

            Assert.True(function.Ranges[range].Contains(address));
        }

        foreach (var site in function.Inlines)
        {
            Assert.InRange(site.FirstRange + site.RangeCount, 1, function.InlineRanges.Count);
        }
    }

    private static string Describe(FunctionBuffer function, InternPool names)
    {
        var text = new StringBuilder(function.Name.IsNone ? "?" : Encoding.UTF8.GetString(names.Get(function.Name)));
        text.Append(' ').Append(Ranges(function.Ranges));
        if (function.Lines.Count > 0)
        {
            text.Append(" |");
            foreach (var row in function.Lines)
            {
                text.Append($" {row.Address:x}={Line(names, row.File, row.Line)}");
            }
        }

        foreach (var site in function.Inlines)
        {
            var ranges = function.InlineRanges.GetRange(site.FirstRange, site.RangeCount);
            string name = site.Function.IsNone ? "?" : Encoding.UTF8.GetString(names.Get(site.Function));
            text.Append($" | {site.Depth} {name} {Ranges(ranges)} @{Line(names, site.CallFile, site.CallLine)}");
        }

        return text.ToString();
    }

    private static string Ranges(IEnumerable<AddressRange> ranges) =>
        string.Join(',', ranges.Select(range => $"{range.Start:x}-{range.End:x}"));

    private static string Line(InternPool names, FileRef file, uint line) =>
        line == 0 && file.IsNone ? "0" : $"{Encoding.UTF8.GetString(names.Get(names.Get(file).Name))}:{line}";
}
