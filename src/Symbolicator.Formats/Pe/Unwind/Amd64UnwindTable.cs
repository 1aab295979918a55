using Symbolicator.Formats.Core;
using Symbolicator.Formats.Model;

namespace Symbolicator.Formats.Pe.Unwind;

/// <summary>
/// Executes the unwind information of x64 images ("x64 exception handling") as Windows does: what of a prologue has been
/// executed is undone, the rest of an epilogue is executed, and code without a record is a leaf function, whose return
/// address lies on top of the stack. Only the innermost frame and what an interrupt left can be in a prologue, an epilogue
/// or a leaf: a frame whose program counter is the address to look up. Reads the mapped file for every step.
/// </summary>
internal sealed class Amd64UnwindTable : IUnwindTable, ICodeView, IFunctionEnds
{
    private readonly PeImage _image;
    private readonly Amd64Functions _functions;
    private readonly FaultLog _faults;

    private Amd64UnwindTable(PeImage image, Amd64Functions functions, FaultLog faults)
    {
        _image = image;
        _functions = functions;
        _faults = faults;
    }

    public bool IsEmpty => _functions.Count == 0;

    public CpuFamily Cpu => CpuFamily.Amd64;

    public long EstimatedBytes => _functions.EstimatedBytes;

    /// <summary>Null without a record that can be used. The image must stay readable as long as the table is in use.</summary>
    public static Amd64UnwindTable? Open(PeImage image, ParseLimits limits, FaultLog faults) =>
        Amd64Functions.Open(image, limits, faults) is { } functions ? new Amd64UnwindTable(image, functions, faults) : null;

    public bool Covers(ulong rva) => _functions.TryFind(rva, out _);

    public ulong EndAt(ulong rva, ulong limit = ulong.MaxValue) => _functions.EndAt(rva, limit);

    public UnwindResult Step(in UnwindFrame frame, in RegisterState callee, IMemoryView memory, out RegisterState caller)
    {
        caller = default;
        bool isExact = callee.TryGet(Amd64Registers.ProgramCounter, out ulong pc)
            && pc == unchecked(frame.LoadAddress + frame.LookupRva);
        bool isCovered = _functions.TryFind(frame.LookupRva, out var function);
        if (!isCovered && !(isExact && _functions.IsComplete && _image.IsCode(frame.LookupRva)))
        {
            return new UnwindResult(UnwindOutcome.NotCovered);
        }

        if (!callee.TryGet(Amd64Registers.StackPointer, out ulong stackPointer))
        {
            return Failed(new ParseFault(MalformedReason.OutOfRange, 0));
        }

        if (!isCovered && !CanReturn(frame, memory, stackPointer))
        {
            return new UnwindResult(UnwindOutcome.NotCovered); // assembler code that uses the stack and does not say so
        }

        var step = new Amd64Step(_image, memory, callee, stackPointer);
        if (isCovered && !TryUndo(ref step, function, frame, isExact, memory))
        {
            return Failed(step.Fault);
        }

        return step.TryReturn(out caller)
            ? new UnwindResult(UnwindOutcome.Stepped, step.HasMachineFrame)
            : Failed(new ParseFault(MalformedReason.OutOfRange, isCovered ? _image.FileOffset(function.Target) : 0));
    }

    private static bool CanReturn(in UnwindFrame frame, IMemoryView memory, ulong stackPointer) =>
        frame.Returns is null
        || (memory.TryReadUnsigned(stackPointer, sizeof(ulong), out ulong word) && frame.Returns.CanReturnTo(word));

    public bool TryReadCode(ulong rva, Span<byte> destination) => _image.TryReadCode(rva, destination);

    /// <summary>The rules behind the prologue, for the whole function.</summary>
    public UnwindDescription? Describe(ulong rva)
    {
        if (!_functions.TryFind(rva, out var function))
        {
            return null;
        }

        if (Amd64Describer.TryDescribe(_image, _functions, function, out var rules, out var fault))
        {
            return new UnwindDescription(function.Begin, function.End - function.Begin, rules, []);
        }

        _faults.Add(fault, "unwind information");
        return null;
    }

    private bool TryUndo(ref Amd64Step step, RuntimeFunction function, in UnwindFrame frame, bool isExact, IMemoryView memory)
    {
        // A record that refers to another one stands for code far from its function: all of the prologue is executed.
        if (!_functions.TryResolve(ref function))
        {
            return step.Fail(MalformedReason.Cycle, function.Target);
        }

        // A caller has not executed more than the call; its lookup address lies inside of it.
        ulong resume = unchecked(frame.LookupRva + (isExact ? 0u : 1u));
        ulong offset = unchecked(resume - function.Begin);
        int inEpilogue = -1;
        if (isExact && Amd64UnwindInfo.TryRead(_image, function.Target, out var info, out _))
        {
            if (info.TryFindEpilogue(frame.LookupRva, function, out uint into))
            {
                inEpilogue = (int)into;
            }
            else if (info.Version == 1 && TryRecognizeEpilogue(frame, function, info, memory, out var epilogue))
            {
                var left = step;
                bool isLeft = left.TryExecute(epilogue, function.Target);
                if (!epilogue.EndsByJump || (isLeft && CanReturn(frame, memory, left.StackPointer)))
                {
                    step = left;
                    return isLeft;
                }
            }
        }

        return step.TryUndo(_functions, function.Target, offset, inEpilogue);
    }

    /// <summary>Looks at the code in the file; in the dump where the file does not have it.</summary>
    private bool TryRecognizeEpilogue(
        in UnwindFrame frame, RuntimeFunction function, in Amd64UnwindInfo info, IMemoryView memory, out Amd64Epilogue epilogue)
    {
        var scope = new Amd64JumpScope(_functions, function, info.IsChained);
        Span<byte> code = stackalloc byte[Amd64Epilogue.LongestCode];
        var inFile = _image.Slice(frame.LookupRva, Amd64Epilogue.LongestCode).From(0);
        if (!inFile.IsEmpty)
        {
            inFile.CopyTo(code);
            code = code[..inFile.Length];
        }

        ulong pc = unchecked(frame.LoadAddress + frame.LookupRva);
        while (inFile.IsEmpty && !code.IsEmpty && !memory.TryRead(pc, code))
        {
            code = code[..(code.Length / 2)];
        }

        return Amd64Epilogue.TryRecognize(code, frame.LookupRva, info.FrameRegister, scope, out epilogue);
    }

    private static UnwindResult Failed(ParseFault fault) => new(UnwindOutcome.Failed, Fault: fault);
}
