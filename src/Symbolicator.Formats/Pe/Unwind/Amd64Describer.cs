using System.Globalization;
using Symbolicator.Formats.Core;
using Symbolicator.Formats.Model;

namespace Symbolicator.Formats.Pe.Unwind;

/// <summary>
/// Prints the rules that hold behind the prologue of a function in Breakpad's STACK CFI notation: undoes all operations
/// with a register and an offset in place of addresses.
/// </summary>
internal ref struct Amd64Describer
{
    private const string Cfa = ".cfa";
    private const string ReturnAddress = ".ra";
    private const int SlotSize = 8;
    private const long MachineFrameStackPointer = 3 * SlotSize;

    private static readonly CpuProfile Cpu = CpuProfile.For(CpuFamily.Amd64)!;

    private readonly Dictionary<int, Place> _saved;
    private Place _stack;
    private Place _frame;
    private bool _hasMachineFrame;

    private Amd64Describer(Dictionary<int, Place> saved) => _saved = saved;

    /// <summary>False for malformed information, with the reason.</summary>
    public static bool TryDescribe(
        PeImage image, Amd64Functions functions, RuntimeFunction function, out Dictionary<string, string> rules, out ParseFault fault)
    {
        rules = [];
        fault = new ParseFault(MalformedReason.Cycle, image.FileOffset(function.Target));
        var describer = new Amd64Describer([]) { _stack = new Place(Amd64Registers.StackPointer, 0) };
        for (int links = 0; links <= Amd64Functions.MaxChain; links++)
        {
            if (!functions.TryResolve(ref function))
            {
                return false;
            }

            if (!Amd64UnwindInfo.TryRead(image, function.Target, out var info, out fault))
            {
                return false;
            }

            if (!describer.TryUndo(info, isFirst: links == 0))
            {
                fault = new ParseFault(MalformedReason.UnknownForm, image.FileOffset(function.Target));
                return false;
            }

            if (!info.IsChained || describer._hasMachineFrame)
            {
                describer.Print(rules);
                return true;
            }

            fault = new ParseFault(MalformedReason.Cycle, image.FileOffset(function.Target));
            function = info.Chained;
        }

        return false;
    }

    private bool TryUndo(in Amd64UnwindInfo info, bool isFirst)
    {
        var frame = new Place(Amd64Registers.IndexOf(info.FrameRegister), -(long)info.FrameOffset);
        if (isFirst)
        {
            _frame = info.FrameRegister == 0 ? _stack : frame;
        }

        int slot = 0;
        while (info.TryReadCode(ref slot, out var code, out bool isMalformed) || isMalformed)
        {
            if (isMalformed)
            {
                return false;
            }

            switch (code.Operation)
            {
                case Amd64Operation.PushNonVolatile:
                    _saved.TryAdd(Amd64Registers.IndexOf(code.Info), _stack);
                    _stack += SlotSize;
                    break;
                case Amd64Operation.AllocateSmall or Amd64Operation.AllocateLarge:
                    _stack += code.Operand;
                    break;
                case Amd64Operation.SetFrameRegister:
                    _stack = frame;
                    break;
                case Amd64Operation.SaveNonVolatile or Amd64Operation.SaveNonVolatileFar:
                    _saved.TryAdd(Amd64Registers.IndexOf(code.Info), _frame + code.Operand);
                    break;
                case Amd64Operation.PushMachineFrame:
                    _stack += code.Info * SlotSize;
                    _hasMachineFrame = true;
                    return true;
            }
        }

        return true;
    }

    private readonly void Print(Dictionary<string, string> rules)
    {
        if (_hasMachineFrame)
        {
            rules[Cfa] = (_stack + MachineFrameStackPointer).Text("^");
            rules[ReturnAddress] = _stack.Text("^");
        }
        else
        {
            rules[Cfa] = (_stack + SlotSize).Text(null);
            rules[ReturnAddress] = Relative(-SlotSize);
        }

        foreach (var (register, place) in _saved)
        {
            if (register != Amd64Registers.StackPointer)
            {
                bool isRelative = !_hasMachineFrame && place.Register == _stack.Register;
                rules["$" + Cpu.RegisterNames[register]] =
                    isRelative ? Relative(place.Offset - _stack.Offset - SlotSize) : place.Text("^");
            }
        }
    }

    private static string Relative(long offset) => string.Create(CultureInfo.InvariantCulture, $"{Cfa} {offset} + ^");

    /// <summary>An address as offset from a register of the function.</summary>
    private readonly record struct Place(int Register, long Offset)
    {
        public static Place operator +(Place place, long offset) => place with { Offset = place.Offset + offset };

        public string Text(string? then)
        {
            string text = string.Create(CultureInfo.InvariantCulture, $"${Cpu.RegisterNames[Register]} {Offset} +");
            return then is null ? text : $"{text} {then}";
        }
    }
}
