using Symbolicator.Formats.Core;
using Symbolicator.Formats.Model;
using Symbolicator.Formats.Pe;
using Symbolicator.Formats.Pe.Unwind;
using Symbolicator.TestKit;

namespace Symbolicator.Formats.Tests.Pe.Unwind;

/// <summary>Opens unwind data and compares it with a machine at every instruction of a function.</summary>
internal static class Arm64Walk
{
    public const ulong Base = 0x1_4000_0000;
    public const uint Start = Arm64ImageBuilder.CodeRva;

    public static Arm64UnwindTable Open(Arm64ImageBuilder image) => Open(image.ToArray())!;

    public static Arm64UnwindTable? Open(byte[] image, ParseLimits? limits = null)
    {
        limits ??= ParseLimits.Default;
        var faults = new FaultLog();
        return Arm64UnwindTable.Open(PeImage.Open(new MemoryFileBytes(image), limits, faults), limits, faults);
    }

    public static UnwindResult Step(Arm64UnwindTable table, uint rva, Arm64Machine machine, out RegisterState caller) =>
        table.Step(new UnwindFrame(rva, Base), machine.Registers(Base + rva), machine, out caller);

    /// <summary>Texts of a function that begins at <see cref="Start"/>: prolog, two instructions, epilog, each split by "; ".</summary>
    public static void Check(Arm64UnwindTable table, string prolog, string epilog, int body = 2)
    {
        var machine = new Arm64Machine();
        uint at = Start;
        foreach (string instruction in Split(prolog))
        {
            CheckCaller(table, machine, at, instruction);
            machine.Execute(instruction);
            at += 4;
        }

        CheckCaller(table, machine, at, "end of prolog");
        machine.RunBody();
        for (int i = 0; i < body; i++, at += 4)
        {
            CheckCaller(table, machine, at, "body");
        }

        machine.EndBody();
        foreach (string instruction in Split(epilog))
        {
            CheckCaller(table, machine, at, instruction);
            machine.Execute(instruction);
            at += 4;
        }

        Assert.False(table.Covers(at), "the function is longer than its instructions");
    }

    public static string[] Split(string code) => code.Split("; ", StringSplitOptions.RemoveEmptyEntries);

    private static void CheckCaller(Arm64UnwindTable table, Arm64Machine machine, uint at, string before)
    {
        var result = Step(table, at, machine, out var caller);
        string where = $"before '{before}' at 0x{at - Start:x}";
        Assert.True(result.Outcome == UnwindOutcome.Stepped, $"{result} {where}");
        Assert.False(result.SignalFrame);
        Equal(Arm64Machine.ReturnAddress, 32, caller, where);
        Equal(Arm64Machine.StackAtEntry, 31, caller, where);
        for (int register = 19; register < 30; register++)
        {
            Equal(Arm64Machine.EntryValue(register), register, caller, where);
        }

        Assert.False(caller.IsValid(30), where);
    }

    private static void Equal(ulong expected, int register, in RegisterState caller, string where) =>
        Assert.True(
            caller.TryGet(register, out ulong value) && value == expected,
            $"register {register} is 0x{value:x}, not 0x{expected:x}, {where}");
}
