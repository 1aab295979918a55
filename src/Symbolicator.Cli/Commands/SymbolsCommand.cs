using System.CommandLine;
using System.Text;
using Symbolicator.Cli.Input;
using Symbolicator.Cli.Output;
using Symbolicator.Formats.Core;
using Symbolicator.Formats.Model;

namespace Symbolicator.Cli.Commands;

/// <summary><c>symbols</c>: the public symbol table, ascending by address.</summary>
internal static class SymbolsCommand
{
    public static Command Create(Terminal terminal)
    {
        var file = Syntax.File();
        var json = Syntax.Json();
        var arch = Syntax.Arch();
        var command = new Command("symbols", "Lists the symbol table.") { file, json, arch };
        command.SetAction(parsed => Run(terminal, parsed.GetRequiredValue(file), parsed.GetValue(json), parsed.GetValue(arch)));
        return command;
    }

    private static int Run(Terminal terminal, string path, bool json, string? arch)
    {
        using var output = new LineWriter(terminal);
        using var file = ObjectSelection.OpenFile(path);
        using var item = ObjectSelection.Open(path, file, arch, terminal);
        var names = new InternPool();
        var symbols = new List<PublicSymbol>();
        var cursor = item.OpenSymbols(names);
        while (cursor.TryReadNext(out var symbol))
        {
            symbols.Add(symbol);
        }

        symbols.Sort((a, b) =>
        {
            int order = a.Address.CompareTo(b.Address);
            return order != 0 ? order : names.Get(a.Name).SequenceCompareTo(names.Get(b.Name));
        });
        foreach (var symbol in symbols)
        {
            if (json)
            {
                output.WriteJson(
                    new SymbolRow($"0x{symbol.Address:x}", symbol.Size == 0 ? null : symbol.Size, Encoding.UTF8.GetString(names.Get(symbol.Name))),
                    CliJson.Default.SymbolRow);
            }
            else
            {
                var style = output.Style;
                output.Write(style.Address).Write($"{$"0x{symbol.Address:x}",-18}").Write(style.Off)
                    .Write(symbol.Size == 0 ? $"{"-",10}  " : $"{$"0x{symbol.Size:x}",10}  ")
                    .Write(style.Name).WriteText(names.Get(symbol.Name)).Write(style.Off).EndLine();
            }
        }

        return 0;
    }
}
