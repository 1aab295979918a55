using System.Text;
using Symbolicator.Formats.Core;
using Symbolicator.Formats.Model;
using Symbolicator.TestKit;

namespace Symbolicator.Formats.Tests.Breakpad;

/// <summary>A symbol file read through the public entry points, as plain text.</summary>
internal static class SymbolFile
{
    public static IObjectFile Open(BreakpadBuilder builder, ParseLimits? limits = null) => Open(builder.ToBytes(), limits);

    public static IObjectFile Open(byte[] bytes, ParseLimits? limits = null)
    {
        using var file = new MemoryFileBytes(bytes);
        return Assert.Single(ObjectFormats.Open(file, limits));
    }

    /// <summary>Functions as lines: <c>start-end name</c>, then rows, then inlined calls.</summary>
    public static string[] Functions(IObjectFile item)
    {
        var names = new InternPool();
        var text = new List<string>();
        using var session = item.OpenDebugSession(names);
        var buffer = new FunctionBuffer();
        while (session is not null && session.TryReadNext(buffer))
        {
            var range = Assert.Single(buffer.Ranges);
            text.Add($"{range.Start:x}-{range.End:x} {Text(names, buffer.Name)}");
            text.AddRange(buffer.Lines.Select(row => $"  {row.Address:x} {Path(names, row.File)}:{row.Line}"));
            foreach (var site in buffer.Inlines)
            {
                var inlined = buffer.InlineRanges[site.FirstRange];
                Assert.Equal(1, site.RangeCount);
                text.Add($"  [{site.Depth}] {inlined.Start:x}-{inlined.End:x} {Text(names, site.Function)} at {Path(names, site.CallFile)}:{site.CallLine}");
            }
        }

        return [.. text];
    }

    public static string[] Symbols(IObjectFile item)
    {
        var names = new InternPool();
        var text = new List<string>();
        var cursor = item.OpenSymbols(names);
        while (cursor.TryReadNext(out var symbol))
        {
            text.Add($"{symbol.Address:x} {symbol.Size} {Text(names, symbol.Name)}");
        }

        return [.. text];
    }

    /// <summary>Reads everything that there is.</summary>
    public static void ReadAll(byte[] bytes)
    {
        using var file = new MemoryFileBytes(bytes);
        foreach (var item in ObjectFormats.Open(file))
        {
            using (item)
            {
                Functions(item);
                Symbols(item);
                StepEverywhere(item);
            }
        }
    }

    private static void StepEverywhere(IObjectFile item)
    {
        var table = item.OpenUnwindTable();
        var memory = new FakeMemory().Add(0x8000, new byte[4096]);
        var registers = default(RegisterState);
        for (int i = 0; i < RegisterState.Capacity; i++)
        {
            registers.Set(i, 0x8100);
        }

        for (ulong rva = 0; table is not null && rva < 0x4000; rva += 0x15)
        {
            table.Step(new UnwindFrame(rva, 0), registers, memory, out _);
            table.Covers(rva);
            table.Describe(rva);
        }
    }

    private static string Text(InternPool names, StringRef text) => Encoding.UTF8.GetString(names.Get(text));

    private static string Path(InternPool names, FileRef file)
    {
        var path = names.Get(file);
        return path.Directory.IsNone ? Text(names, path.Name) : $"{Text(names, path.Directory)}|{Text(names, path.Name)}";
    }
}
