using System.Globalization;
using Symbolicator.Formats.Core;
using Symbolicator.Formats.Model;
using Symbolicator.TestKit;
using static Symbolicator.Formats.Tests.Pe.Unwind.Arm64Walk;

namespace Symbolicator.Formats.Tests.Pe.Unwind;

/// <summary>Unwind data in one word, of which prologs and epilogs are the consequence.</summary>
public sealed class Arm64PackedTests
{
    /// <summary>Prologs as llvm-readobj prints them; epilogs follow from them by the rules of the specification.</summary>
    [Fact]
    public void Every_shape_has_the_prolog_that_llvm_prints()
    {
        string[] lines = Fixture.Oracle("windows/arm64-packed.txt");
        Assert.True(lines.Length > 800);
        foreach (string line in lines)
        {
            uint word = uint.Parse(line.AsSpan(0, 8), NumberStyles.HexNumber, CultureInfo.InvariantCulture);
            string prolog = line[9..], epilog = EpilogOf(prolog);
            int instructions = Split(prolog).Length + 2 + Split(epilog).Length;
            word = word & ~0x1ffcu | (uint)instructions << 2;

            Check(Open(new Arm64ImageBuilder().Record(Start, word)), prolog, epilog);
        }
    }

    // From the tables of "ARM64 exception handling", Packed unwind data.
    [Theory]
    [InlineData(0, 0, false, 0, 0, "", "ret")]
    [InlineData(0, 10, false, 0, 80, "stp x19, x20, [sp, #-80]!; stp x21, x22, [sp, #16]; stp x23, x24, [sp, #32]; stp x25, x26, [sp, #48]; stp x27, x28, [sp, #64]", null)]
    [InlineData(0, 3, false, 0, 32, "stp x19, x20, [sp, #-32]!; str x21, [sp, #16]", null)]
    [InlineData(0, 3, false, 1, 48, "stp x19, x20, [sp, #-32]!; stp x21, lr, [sp, #16]; sub sp, sp, #16", null)]
    [InlineData(0, 2, false, 1, 32, "stp x19, x20, [sp, #-32]!; str lr, [sp, #16]", null)]
    [InlineData(0, 1, false, 1, 32, "sub sp, sp, #16; stp x19, lr, [sp, #0]; sub sp, sp, #16", null)] // as Visual C++ writes it
    [InlineData(1, 1, false, 1, 32, "sub sp, sp, #32; stp x19, lr, [sp, #0]; stp d8, d9, [sp, #16]", null)]
    [InlineData(1, 0, false, 0, 16, "stp d8, d9, [sp, #-16]!", null)]
    [InlineData(2, 0, false, 1, 48, "str lr, [sp, #-32]!; stp d8, d9, [sp, #8]; str d10, [sp, #24]; sub sp, sp, #16", null)]
    [InlineData(
        7, 2, true, 3, 192,
        "stp x19, x20, [sp, #-144]!; stp d8, d9, [sp, #16]; stp d10, d11, [sp, #32]; stp d12, d13, [sp, #48]; stp d14, d15, [sp, #64]; "
        + "stp x0, x1, [sp, #80]; stp x2, x3, [sp, #96]; stp x4, x5, [sp, #112]; stp x6, x7, [sp, #128]; stp x29, lr, [sp, #-48]!; mov x29, sp",
        "ldp x29, lr, [sp], #48; ldp d14, d15, [sp, #64]; ldp d12, d13, [sp, #48]; ldp d10, d11, [sp, #32]; ldp d8, d9, [sp, #16]; "
        + "ldp x19, x20, [sp], #144; ret")]
    [InlineData(
        0, 0, true, 3, 80, "stp x0, x1, [sp, #-64]!; stp x2, x3, [sp, #16]; stp x4, x5, [sp, #32]; stp x6, x7, [sp, #48]; stp x29, lr, [sp, #-16]!; mov x29, sp",
        "ldp x29, lr, [sp], #16; add sp, sp, #64; ret")]
    [InlineData(
        0, 1, false, 3, 4128, "str x19, [sp, #-16]!; sub sp, sp, #4080; sub sp, sp, #32; stp x29, lr, [sp, #0]; mov x29, sp",
        "ldp x29, lr, [sp, #0]; add sp, sp, #32; add sp, sp, #4080; ldr x19, [sp], #16; ret")]
    [InlineData(
        0, 2, false, 2, 528, "pacibsp; stp x19, x20, [sp, #-16]!; stp x29, lr, [sp, #-512]!; mov x29, sp",
        "ldp x29, lr, [sp], #512; ldp x19, x20, [sp], #16; autibsp; ret")]
    public void Every_instruction_of_a_canonical_function_leads_to_its_caller(
        int vectors, int integers, bool homes, int chain, int frame, string prolog, string? epilog)
    {
        epilog ??= EpilogOf(prolog);
        int length = (Split(prolog).Length + 2 + Split(epilog).Length) * 4;

        Check(Open(new Arm64ImageBuilder().Packed(Start, length, vectors, integers, homes, chain, frame)), prolog, epilog);
    }

    [Fact]
    public void A_packed_fragment_is_all_body()
    {
        var table = Open(new Arm64ImageBuilder().Packed(Start, 16, integers: 2, chain: 3, frame: 48, flag: 2));
        var machine = new Arm64Machine();
        machine.Execute("stp x19, x20, [sp, #-16]!");
        machine.Execute("stp x29, lr, [sp, #-32]!");
        machine.Execute("mov x29, sp");
        machine.RunBody();

        for (uint at = Start; at < Start + 16; at += 4)
        {
            Assert.Equal(UnwindOutcome.Stepped, Step(table, at, machine, out var caller).Outcome);
            Assert.Equal(Arm64Machine.StackAtEntry, caller.GetOrZero(31));
            Assert.Equal(Arm64Machine.EntryValue(20), caller.GetOrZero(20));
            Assert.Equal(Arm64Machine.ReturnAddress, caller.GetOrZero(32));
        }
    }

    [Theory]
    [InlineData(0, 11, 0, 96)] // registers beyond x28
    [InlineData(0, 4, 0, 16)] // smaller than what it saves
    [InlineData(3, 0, 3, 32)] // no room for x29 and lr
    public void Impossible_sizes_fail(int vectors, int integers, int chain, int frame)
    {
        var table = Open(new Arm64ImageBuilder().Packed(Start, 64, vectors, integers, false, chain, frame));

        var result = Step(table, Start + 32, new Arm64Machine(), out _);

        Assert.True(table.Covers(Start + 32));
        Assert.Equal(UnwindOutcome.Failed, result.Outcome);
        Assert.Equal(new ParseFault(MalformedReason.BadValue, 0x400), result.Fault);
    }

    /// <summary>Reverse of the prolog, without setting x29 and without loading the homed arguments.</summary>
    private static string EpilogOf(string prolog)
    {
        var epilog = new List<string>();
        foreach (string instruction in Split(prolog).Reverse())
        {
            if (instruction == "mov x29, sp" || instruction.StartsWith("stp x0, x1, [sp, #-", StringComparison.Ordinal))
            {
                epilog.AddRange(instruction[0] == 's' ? ["add sp, sp, #64"] : []);
            }
            else if (instruction is not ['s', 't', 'p', ' ', 'x', >= '0' and <= '7', ',', ..])
            {
                string undo = instruction.Replace("st", "ld", StringComparison.Ordinal).Replace("sub", "add", StringComparison.Ordinal)
                    .Replace("pacibsp", "autibsp", StringComparison.Ordinal);
                int negative = undo.IndexOf("[sp, #-", StringComparison.Ordinal);
                epilog.Add(negative < 0 ? undo : undo[..negative] + "[sp], #" + undo[(negative + 7)..^2]);
            }
        }

        return string.Join("; ", epilog.Append("ret"));
    }
}
