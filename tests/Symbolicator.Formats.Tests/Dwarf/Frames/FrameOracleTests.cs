using System.Globalization;
using System.Text.RegularExpressions;
using Symbolicator.Formats.Core;
using Symbolicator.Formats.Dwarf.Frames;
using Symbolicator.Formats.Model;
using Symbolicator.TestKit;

namespace Symbolicator.Formats.Tests.Dwarf.Frames;

/// <summary>Rows of real functions against the tables that <c>readelf --debug-dump=frames-interp</c> prints.</summary>
public sealed partial class FrameOracleTests
{
    // Cells of registers beyond those that unwinding needs.
    private const string NotKept = "*";

    [Theory]
    [InlineData("cfi-amd64", CpuFamily.Amd64, 12, 71)]
    [InlineData("cfi-amd64-debug", CpuFamily.Amd64, 8, 50)]
    [InlineData("cfi-x86", CpuFamily.X86, 9, 70)]
    [InlineData("cfi-arm64", CpuFamily.Arm64, 10, 60)]
    [InlineData("cfi-arm", CpuFamily.Arm, 8, 26)]
    public void Rows_are_those_of_readelf(string name, CpuFamily cpu, int functions, int rows)
    {
        var sections = FrameFixture.OpenFixture(name + ".so", cpu);
        var faults = new FaultLog();
        var isEh = new FrameSection(sections, isEh: true, ParseLimits.Default, faults);
        var isDebug = new FrameSection(sections, isEh: false, ParseLimits.Default, faults);
        int seenFunctions = 0;
        int seenRows = 0;
        foreach (var function in ReadOracle(Fixture.Oracle($"elf/{name}.frames.txt")))
        {
            seenFunctions++;
            seenRows += function.Rows.Count;
            var section = function.IsEh ? isEh : isDebug;
            Assert.True(section.Index.TryFind(function.Start, out ulong offset));
            Assert.True(section.TryReadFunction(offset, out var entry, out _));
            Assert.Equal((function.Start, function.End), (entry.Start, entry.Start + entry.Size));
            var ours = Rows(section, entry, function.Columns, cpu, out var fault);
            Assert.True(fault.IsNone);
            if (function.Rows.Count > 0)
            {
                Assert.Equal(function.Rows, ours);
            }
            else
            {
                Assert.Single(ours);
            }
        }

        Assert.True(faults.IsEmpty);
        Assert.True(seenFunctions >= functions && seenRows >= rows, $"{seenFunctions} functions, {seenRows} rows");
    }

    private static List<string> Rows(FrameSection section, FunctionEntry entry, string[] columns, CpuFamily cpu, out ParseFault fault)
    {
        var rows = new List<string>();
        using var program = new FrameProgram(section, entry, 64);
        while (program.TryReadRow())
        {
            var rules = program.Rules;
            int returns = (int)entry.Common.ReturnAddressRegister;
            var texts = new List<string> { program.RowStart.ToString("x", CultureInfo.InvariantCulture), Cfa(rules.Cfa, cpu) };
            var unseen = Enumerable.Range(0, RegisterState.Capacity).ToHashSet();
            foreach (string column in columns)
            {
                int register = column == "ra" ? returns : Array.IndexOf(Names(cpu), column);
                unseen.Remove(register);
                texts.Add(register < 0 ? NotKept : Rule(rules[register], cpu));
            }

            Assert.DoesNotContain(unseen, r => rules[r].Kind != RuleKind.Unspecified && r != returns);
            rows.Add(string.Join(' ', texts));
        }

        fault = program.Fault;
        return rows;
    }

    private static string Cfa(RegisterRule rule, CpuFamily cpu) =>
        rule.Kind == RuleKind.Register ? $"{Names(cpu)[rule.Register]}{Signed(rule.Operand)}" : "exp";

    private static string Rule(RegisterRule rule, CpuFamily cpu) => rule.Kind switch
    {
        RuleKind.Unspecified or RuleKind.Undefined => "u",
        RuleKind.SameValue => "s",
        RuleKind.Offset => "c" + Signed(rule.Operand),
        RuleKind.ValueOffset => "v" + Signed(rule.Operand),
        RuleKind.Register => Names(cpu)[rule.Register],
        RuleKind.Expression => "exp",
        _ => "vexp",
    };

    private static string Signed(long value) => value.ToString("+0;-0;+0", CultureInfo.InvariantCulture);

    /// <summary>Register names of readelf by DWARF number.</summary>
    private static string[] Names(CpuFamily cpu) => cpu switch
    {
        CpuFamily.Amd64 => ["rax", "rdx", "rcx", "rbx", "rsi", "rdi", "rbp", "rsp", "r8", "r9", "r10", "r11", "r12", "r13", "r14", "r15", "rip"],
        CpuFamily.X86 => ["eax", "ecx", "edx", "ebx", "esp", "ebp", "esi", "edi", "eip"],
        CpuFamily.Arm64 => [.. Enumerable.Range(0, 31).Select(i => $"x{i}"), "sp"],
        _ => [.. Enumerable.Range(0, 16).Select(i => $"r{i}")],
    };

    private static List<OracleFunction> ReadOracle(string[] lines)
    {
        var functions = new List<OracleFunction>();
        bool isEh = false;
        OracleFunction? current = null;
        foreach (string line in lines)
        {
            if (line.StartsWith("Contents of", StringComparison.Ordinal))
            {
                isEh = line.Contains(".eh_frame");
            }
            else if (FunctionLine().Match(line) is { Success: true } match)
            {
                current = new OracleFunction(isEh, Hex(match.Groups[1].Value), Hex(match.Groups[2].Value), [], []);
                functions.Add(current);
            }
            else if (line.Contains(" CIE ", StringComparison.Ordinal) || line.Contains("terminator", StringComparison.Ordinal))
            {
                current = null;
            }
            else if (current is not null && line.TrimStart().StartsWith("LOC", StringComparison.Ordinal))
            {
                current = functions[^1] = current with { Columns = line.Split(' ', StringSplitOptions.RemoveEmptyEntries)[2..] };
            }
            else if (current is not null && RowLine().Match(line) is { Success: true } row)
            {
                // "r12 (r12)" is a register rule.
                string[] cells = Parenthesis().Replace(row.Groups[2].Value, "").Split(' ', StringSplitOptions.RemoveEmptyEntries);
                for (int i = 0; i < current.Columns.Length; i++)
                {
                    cells[i + 1] = VectorRegister().IsMatch(current.Columns[i]) ? NotKept : cells[i + 1];
                }

                current.Rows.Add($"{Hex(row.Groups[1].Value):x} {string.Join(' ', cells)}");
            }
        }

        return functions;
    }

    private static ulong Hex(string text) => ulong.Parse(text, NumberStyles.HexNumber, CultureInfo.InvariantCulture);

    [GeneratedRegex(@"FDE cie=[0-9a-f]+ pc=([0-9a-f]+)\.\.([0-9a-f]+)")]
    private static partial Regex FunctionLine();

    [GeneratedRegex(@"^([0-9a-f]{8,16}) (.*\S)\s*$")]
    private static partial Regex RowLine();

    [GeneratedRegex("^v[0-9]+$")]
    private static partial Regex VectorRegister();

    [GeneratedRegex(@" \([a-z0-9]+\)")]
    private static partial Regex Parenthesis();

    private sealed record OracleFunction(bool IsEh, ulong Start, ulong End, string[] Columns, List<string> Rows);
}
