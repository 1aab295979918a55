using System.CommandLine;
using Symbolicator.Cli.Input;
using Symbolicator.Cli.Output;
using Symbolicator.Engine.Rendering;
using Symbolicator.Formats.Core;
using Symbolicator.Formats.Model;

namespace Symbolicator.Cli.Commands;

/// <summary><c>unwind</c>: the rules that restore the caller's registers at an address, in Breakpad's notation.</summary>
internal static class UnwindCommand
{
    public static Command Create(Terminal terminal)
    {
        var file = Syntax.File();
        var addresses = Syntax.Addresses();
        var json = Syntax.Json();
        var arch = Syntax.Arch();
        var command = new Command("unwind", "Shows the unwind rules at an address.") { file, addresses, json, arch };
        command.SetAction(parsed => Run(
            terminal, parsed.GetRequiredValue(file), parsed.GetValue(addresses) ?? [], parsed.GetValue(json), parsed.GetValue(arch)));
        return command;
    }

    private static int Run(Terminal terminal, string path, string[] addresses, bool json, string? arch)
    {
        using var output = new LineWriter(terminal);
        using var file = ObjectSelection.OpenFile(path);
        using var item = ObjectSelection.Open(path, file, arch, terminal);
        var table = OpenTable(path, item);
        foreach (ulong address in AddressInput.Read(addresses, terminal, output))
        {
            var row = RowOf(address, table?.Describe(address));
            if (json)
            {
                output.WriteJson(row, CliJson.Default.UnwindRow);
            }
            else
            {
                WriteForPeople(output, row);
            }
        }

        return 0;
    }

    private static IUnwindTable? OpenTable(string path, IObjectFile item)
    {
        try
        {
            return item.OpenUnwindTable();
        }
        catch (MalformedFileException e)
        {
            throw new CommandException(FileProblem.Describe(path, e));
        }
    }

    private static UnwindRow RowOf(ulong address, UnwindDescription? found)
    {
        string addr = $"0x{address:x}";
        if (found is null)
        {
            return new UnwindRow(addr) { Error = "none" };
        }

        if (found.Windows is { } win)
        {
            return new UnwindRow(addr)
            {
                Win = new WindowsRow(
                    win.Type, $"0x{win.Start:x}", $"0x{win.Size:x}", win.Prolog, win.Epilog, win.Params, win.SavedRegs,
                    win.Locals, win.MaxStack, win.HasProgram, win.Program, win.UsesBasePointer),
            };
        }

        return new UnwindRow(addr)
        {
            Start = $"0x{found.Start:x}",
            Size = $"0x{found.Size:x}",
            Init = found.Init,
            Deltas = [.. found.Deltas.Select(delta => new UnwindDeltaRow($"0x{delta.Address:x}", delta.Rules))],
        };
    }

    private static void WriteForPeople(LineWriter output, UnwindRow row)
    {
        var style = output.Style;
        output.Write(style.Address).Write(row.Addr).Write(style.Off);
        if (row.Win is { } win)
        {
            output.Write($"  STACK WIN {win.Type}, {win.Start} + {win.Size}: prolog {win.Prolog}, epilog {win.Epilog}, "
                + $"parameters {win.Params}, saved {win.SavedRegs}, locals {win.Locals}").EndLine();
            output.Write("  ").Write(win.Program is null ? $"uses base pointer: {win.UsesBp}" : Printable.Of(win.Program)).EndLine();
        }
        else if (row.Init is null)
        {
            output.Write("  no unwind information").EndLine();
        }
        else
        {
            output.Write($"  {row.Start} + {row.Size}").EndLine();
            WriteRules(output, row.Start!, row.Init);
            foreach (var delta in row.Deltas ?? [])
            {
                WriteRules(output, delta.Addr, delta.Rules);
            }
        }
    }

    private static void WriteRules(LineWriter output, string address, IReadOnlyDictionary<string, string> rules)
    {
        output.Write("  ").Write(output.Style.Address).Write($"{address,-12}").Write(output.Style.Off);
        foreach (var (register, expression) in rules)
        {
            output.Write("  ").Write(output.Style.Name).Write(Printable.Of(register)).Write(output.Style.Off)
                .Write(": ").Write(Printable.Of(expression));
        }

        output.EndLine();
    }
}
