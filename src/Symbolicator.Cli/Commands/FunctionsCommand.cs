using System.CommandLine;
using Symbolicator.Cli.Input;
using Symbolicator.Cli.Output;
using Symbolicator.Engine.Rendering;
using Symbolicator.Formats.Model;
using Symbolicator.SymCache;

namespace Symbolicator.Cli.Commands;

/// <summary><c>functions</c>: functions of the debug information, ascending by address, one record per address range.</summary>
internal static class FunctionsCommand
{
    public static Command Create(Terminal terminal)
    {
        var file = Syntax.File("Debug file or symcache.");
        var json = Syntax.Json();
        var arch = Syntax.Arch();
        var command = new Command("functions", "Lists the functions of the debug information.") { file, json, arch };
        command.SetAction(parsed => Run(terminal, parsed.GetRequiredValue(file), parsed.GetValue(json), parsed.GetValue(arch)));
        return command;
    }

    private static int Run(Terminal terminal, string path, bool json, string? arch)
    {
        using var output = new LineWriter(terminal);
        using var file = ObjectSelection.OpenFile(path);
        using var cache = SymCacheSource.Open(path, file, arch, terminal);
        foreach (var function in cache.Functions)
        {
            if (function.FromDebugInfo)
            {
                Write(output, json, RowOf(function, cache.GetFunctionName(function.Id)));
            }
        }

        return 0;
    }

    private static FunctionRow RowOf(in SymCacheFunction function, string name) => new(
        $"0x{function.Entry:x}", function.Size, name, function.Language.Name(), function.InlineeCount, function.MaxInlineDepth);

    private static void Write(LineWriter output, bool json, FunctionRow row)
    {
        if (json)
        {
            output.WriteJson(row, CliJson.Default.FunctionRow);
            return;
        }

        var style = output.Style;
        output.Write(style.Address).Write($"{row.Addr,-18}").Write(style.Off).Write($"{$"0x{row.Size:x}",10}  ")
            .Write(style.Name).Write(Printable.Of(row.Name)).Write(style.Off);
        if (row.InlineesTotal > 0)
        {
            output.Write(style.Dim).Write($"  {row.InlineesTotal} inlined, {row.MaxDepth} deep").Write(style.Off);
        }

        output.EndLine();
    }
}
