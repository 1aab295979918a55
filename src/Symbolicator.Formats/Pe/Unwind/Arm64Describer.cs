using System.Globalization;
using Symbolicator.Formats.Model;

namespace Symbolicator.Formats.Pe.Unwind;

/// <summary>
/// Prints the rules that hold in the body of a function in Breakpad's STACK CFI notation: as all writers of that notation do
/// for Windows, for the whole function.
/// </summary>
internal static class Arm64Describer
{
    private const string Cfa = ".cfa";
    private const string ReturnAddress = ".ra";
    private const int FramePointer = 29;
    private const int LinkRegister = 30;

    /// <summary>Null when a code is not valid or needs more than the notation has.</summary>
    public static Dictionary<string, string>? Describe(ReadOnlySpan<byte> codes, CpuProfile cpu)
    {
        var stack = new Place("sp", 0);
        var saved = new Dictionary<int, Place>();
        Place? code = null;
        int pairs = 0;
        for (int at = 0; at < codes.Length;)
        {
            var next = Arm64UnwindCode.Read(codes, at);
            at += next.Size;
            if (next.Operation == Arm64Operation.End)
            {
                break;
            }

            if (pairs > 0 && next.Operation != Arm64Operation.SaveNext && !next.HasNext(pairs))
            {
                return null;
            }

            switch (next.Operation)
            {
                case Arm64Operation.SaveNext:
                    pairs++;
                    continue;
                case Arm64Operation.SaveIntegers:
                    for (int pair = 0; pair <= pairs; pair++)
                    {
                        saved[next.First + 2 * pair] = stack.Up(next.Offset + 16 * pair);
                        if (next.Second >= 0)
                        {
                            saved[next.Second + 2 * pair] = stack.Up(next.Offset + 16 * pair + 8);
                        }
                    }

                    break;
                case Arm64Operation.SetFramePointer:
                    stack = new Place(saved.TryGetValue(FramePointer, out var frame) ? frame.Content : "x29", -(long)next.Offset);
                    break;
                case Arm64Operation.MachineFrame:
                    code = stack.Up(8);
                    stack = new Place(stack.Content, 0);
                    break;
                case Arm64Operation.Invalid or Arm64Operation.AllocateVectors or Arm64Operation.TrapFrame
                    or Arm64Operation.Context or Arm64Operation.EcContext:
                    return null;
            }

            pairs = 0;
            stack = stack.Up(next.Adjust);
        }

        return Print(stack, saved, code, cpu);
    }

    private static Dictionary<string, string> Print(Place cfa, Dictionary<int, Place> saved, Place? code, CpuProfile cpu)
    {
        var rules = new Dictionary<string, string> { [Cfa] = cfa.Address };
        foreach (var (register, place) in saved)
        {
            if (register != LinkRegister && (cpu.CalleeSaved >> register & 1) != 0)
            {
                rules[register == FramePointer ? "x29" : cpu.RegisterNames[register]] = Relative(place, cfa);
            }
        }

        rules[ReturnAddress] = code is { } interrupted ? Relative(interrupted, cfa)
            : saved.TryGetValue(LinkRegister, out var link) ? Relative(link, cfa)
            : "x30";
        return rules;
    }

    private static string Relative(Place place, Place cfa) =>
        place.Base == cfa.Base ? new Place(Cfa, place.Offset - cfa.Offset).Content : place.Content;

    /// <summary>An address: what an expression yields, and a distance.</summary>
    private readonly record struct Place(string Base, long Offset)
    {
        public string Address => string.Create(CultureInfo.InvariantCulture, $"{Base} {Offset} +");

        public string Content => Address + " ^";

        public Place Up(long bytes) => this with { Offset = Offset + bytes };
    }
}
