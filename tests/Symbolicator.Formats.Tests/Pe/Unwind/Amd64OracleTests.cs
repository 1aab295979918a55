using System.Globalization;
using System.Text.RegularExpressions;
using Symbolicator.TestKit;

namespace Symbolicator.Formats.Tests.Pe.Unwind;

/// <summary>The rules of every function agree with the operations that llvm-readobj prints.</summary>
public sealed partial class Amd64OracleTests
{
    public static TheoryData<string> Images { get; } =
        [.. Directory.EnumerateFiles(Fixture.Path("oracle/windows"), "*-x64*.unwind.txt").Select(f => Path.GetFileName(f)[..^".unwind.txt".Length]).Order()];

    [Theory]
    [MemberData(nameof(Images))]
    public void Rules_behind_the_prologue_are_those_of_readobj(string name)
    {
        string text = File.ReadAllText(Fixture.Path($"oracle/windows/{name}.unwind.txt"));
        using var image = PeReading.Open(Fixture.Bytes($"windows/{FileName().Match(text).Groups[1].Value}"));
        var functions = Function().Matches(text).Select(match => Parse(match.Groups[1].Value, image.ImageBase)).ToDictionary(f => f.Begin);
        var table = image.OpenUnwindTable();

        foreach (var function in functions.Values)
        {
            var rules = table!.Describe(function.Begin)!;
            Assert.Equal((function.Begin, function.End - function.Begin), (rules.Start, rules.Size));
            Assert.Empty(rules.Deltas);
            Assert.Equal(Expected(function, functions), rules.Init.ToDictionary());
        }
    }

    [Fact]
    public void Fixtures_have_every_kind_of_operation()
    {
        string all = string.Concat(Images.Select(image => File.ReadAllText(Fixture.Path($"oracle/windows/{image.Data}.unwind.txt"))));

        Assert.All(
            (string[])["PUSH_NONVOL", "ALLOC_LARGE", "ALLOC_SMALL", "SET_FPREG", "SAVE_NONVOL reg", "SAVE_NONVOL_FAR", "SAVE_XMM128 reg",
                "SAVE_XMM128_FAR", "PUSH_MACHFRAME errcode=no", "PUSH_MACHFRAME errcode=yes", "Chained"],
            operation => Assert.Contains(operation, all, StringComparison.Ordinal));
    }

    /// <summary>Adds up the operations, from the last of the prologue to the first.</summary>
    private static Dictionary<string, string> Expected(Unwind function, Dictionary<ulong, Unwind> functions)
    {
        string register = "$rsp";
        long depth = 0;
        string frameRegister = function.FrameRegister is { } named ? "$" + named : "$rsp";
        long frame = function.FrameRegister is null ? 0 : -function.FrameOffset;
        long? machineFrame = null;
        var saved = new List<(string Register, string Base, long At)>();
        for (Unwind? part = function; part is not null; part = part.Chained is { } next ? functions[next] : null)
        {
            foreach (var (operation, arguments) in part.Operations)
            {
                switch (operation)
                {
                    case "PUSH_NONVOL":
                        saved.Add((arguments["reg"], register, depth));
                        depth += 8;
                        break;
                    case "ALLOC_SMALL" or "ALLOC_LARGE":
                        depth += Number(arguments["size"]);
                        break;
                    case "SET_FPREG":
                        (register, depth) = ("$" + arguments["reg"].ToLowerInvariant(), -Number(arguments["offset"]));
                        break;
                    case "SAVE_NONVOL" or "SAVE_NONVOL_FAR":
                        saved.Add((arguments["reg"], frameRegister, frame + Number(arguments["offset"])));
                        break;
                    case "PUSH_MACHFRAME":
                        machineFrame = depth + (arguments["errcode"] == "yes" ? 8 : 0);
                        break;
                }
            }
        }

        var rules = new Dictionary<string, string>
        {
            [".cfa"] = machineFrame is { } at ? $"{register} {at + 24} + ^" : $"{register} {depth + 8} +",
            [".ra"] = machineFrame is { } pc ? $"{register} {pc} + ^" : ".cfa -8 + ^",
        };
        foreach (var (name, from, place) in saved)
        {
            rules.TryAdd(
                "$" + name.ToLowerInvariant(),
                machineFrame is null && from == register ? $".cfa {place - depth - 8} + ^" : $"{from} {place} + ^");
        }

        return rules;
    }

    private static Unwind Parse(string text, ulong imageBase)
    {
        var frame = Regex.Match(text, @"FrameRegister: (\w+) ");
        var chained = Regex.Match(text, @"Chained \{\s+StartAddress: \(0x(\w+)\)");
        var operations = new List<(string, Dictionary<string, string>)>();
        foreach (Match code in Regex.Matches(text, @"0x[0-9A-F]{2}: (\w+) (.*)"))
        {
            operations.Add((
                code.Groups[1].Value,
                Regex.Matches(code.Groups[2].Value, @"(\w+)=(\w+)").ToDictionary(m => m.Groups[1].Value, m => m.Groups[2].Value)));
        }

        return new Unwind(
            Address(text, "StartAddress") - imageBase,
            Address(text, "EndAddress") - imageBase,
            frame.Success ? frame.Groups[1].Value.ToLowerInvariant() : null,
            frame.Success ? Number(Regex.Match(text, @"FrameOffset: (\w+)").Groups[1].Value) * 16 : 0,
            chained.Success ? ulong.Parse(chained.Groups[1].Value, NumberStyles.HexNumber, CultureInfo.InvariantCulture) - imageBase : null,
            operations);
    }

    private static ulong Address(string text, string field) =>
        ulong.Parse(Regex.Match(text, field + @": \(0x(\w+)\)").Groups[1].Value, NumberStyles.HexNumber, CultureInfo.InvariantCulture);

    private static long Number(string text) => text.StartsWith("0x", StringComparison.Ordinal)
        ? long.Parse(text.AsSpan(2), NumberStyles.HexNumber, CultureInfo.InvariantCulture)
        : long.Parse(text, CultureInfo.InvariantCulture);

    [GeneratedRegex(@"^File: (\S+)", RegexOptions.Multiline)]
    private static partial Regex FileName();

    [GeneratedRegex(@"^  RuntimeFunction \{$(.*?)^  \}$", RegexOptions.Multiline | RegexOptions.Singleline)]
    private static partial Regex Function();

    private sealed record Unwind(
        ulong Begin, ulong End, string? FrameRegister, long FrameOffset, ulong? Chained, List<(string Operation, Dictionary<string, string> Arguments)> Operations);
}
