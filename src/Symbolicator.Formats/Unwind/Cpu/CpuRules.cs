using Symbolicator.Formats.Model;

namespace Symbolicator.Formats.Unwind.Cpu;

/// <summary>How a strategy ended.</summary>
internal enum StepResult : byte
{
    /// <summary>The strategy has nothing to say.</summary>
    None,

    /// <summary>The caller's registers are known.</summary>
    Stepped,

    /// <summary>The frame says that it has no caller.</summary>
    EndOfStack,
}

/// <summary>Conventions of one CPU that unwinding without unwind information relies on.</summary>
internal abstract class CpuRules(CpuProfile profile)
{
    /// <summary>Nothing is executed below; such a program counter marks the end of a stack.</summary>
    public const ulong LowestCode = 4096;

    /// <summary>Callers' frame records farther above than this are not believed.</summary>
    protected const ulong LargestFrame = 128 << 10;

    public CpuProfile Profile { get; } = profile;

    /// <summary>Null for CPUs that we do not unwind.</summary>
    public static CpuRules? For(CpuFamily family, ulong codeAddressMask) => CpuProfile.For(family) switch
    {
        { Family: CpuFamily.X86 } profile => new X86Rules(profile),
        { Family: CpuFamily.Amd64 } profile => new Amd64Rules(profile),
        { Family: CpuFamily.Arm } profile => new ArmRules(profile),
        { Family: CpuFamily.Arm64 } profile => new Arm64Rules(profile, codeAddressMask),
        _ => null,
    };

    /// <summary>The address inside a code pointer: without authentication code and instruction set bit.</summary>
    public abstract ulong CodeAddress(ulong pointer);

    /// <summary>An address inside the instruction before a resume address.</summary>
    public abstract ulong PreviousInstruction(ulong address);

    /// <summary>False for values that no program counter can have.</summary>
    public virtual bool IsCanonical(ulong address) => (address & ~Profile.AddressMask) == 0;

    /// <summary>Follows the chain of frame pointers.</summary>
    /// <param name="innermost">The callee was not left by a call, so that its frame may not be set up yet.</param>
    public abstract StepResult StepByFramePointer(ThreadScene scene, in RegisterState callee, bool innermost, out RegisterState caller);

    /// <summary>The return address that a call left behind before its target executed an instruction.</summary>
    public virtual bool TryReturnFromCall(ThreadScene scene, in RegisterState callee, out RegisterState caller)
    {
        caller = callee;
        if (!callee.TryGet(Profile.LinkRegister, out ulong link))
        {
            return false;
        }

        caller.Set(Profile.ProgramCounter, link);
        caller.Invalidate(Profile.LinkRegister);
        return true;
    }

    /// <summary>
    /// Registers of the caller whose return address was found at <paramref name="at"/>. The frame pointer is kept only
    /// when what it points to can be a frame record of a caller.
    /// </summary>
    public RegisterState AfterScan(ThreadScene scene, in RegisterState callee, ulong stackPointer, ulong at, ulong returnAddress)
    {
        ulong size = (ulong)Profile.PointerSize;
        var caller = default(RegisterState);
        ulong above = unchecked(at + size);
        caller.Set(Profile.ProgramCounter, returnAddress);
        caller.Set(Profile.StackPointer, above);

        // A frame record is the saved frame pointer with the return address above it.
        if (at > stackPointer && scene.TryReadStack(stackPointer, unchecked(at - size), out ulong saved)
            && saved > at && saved - at <= LargestFrame && scene.TryReadStack(stackPointer, saved, out _))
        {
            caller.Set(Profile.FramePointer, saved);
        }
        else if (callee.TryGet(Profile.FramePointer, out ulong kept) && kept >= above
            && scene.TryReadStack(stackPointer, kept, out _))
        {
            caller.Set(Profile.FramePointer, kept);
        }

        return caller;
    }

    /// <summary>
    /// Reads a frame record, that is, a saved frame pointer and a return address, and judges it.
    /// </summary>
    /// <param name="scene">The thread.</param>
    /// <param name="callee">Registers of the callee.</param>
    /// <param name="savedAt">Address of the saved frame pointer.</param>
    /// <param name="returnAt">Address of the return address.</param>
    /// <param name="framePointer">Register that is the frame pointer here.</param>
    /// <param name="strict">Only return addresses in code known to the dump are believed, with a call before them.</param>
    /// <param name="caller">Registers of the caller.</param>
    protected StepResult StepByRecord(
        ThreadScene scene, in RegisterState callee, ulong savedAt, ulong returnAt, int framePointer, bool strict, out RegisterState caller)
    {
        caller = default;
        ulong size = (ulong)Profile.PointerSize;
        ulong stackPointer = callee.GetOrZero(Profile.StackPointer);
        ulong top = Math.Max(savedAt, returnAt);
        if (top > Profile.AddressMask - 2 * size || Math.Min(savedAt, returnAt) < stackPointer || savedAt % size != 0)
        {
            return StepResult.None;
        }

        if (!scene.TryReadStack(stackPointer, savedAt, out ulong saved)
            || !scene.TryReadStack(stackPointer, returnAt, out ulong link))
        {
            return StepResult.None;
        }

        // The ABIs ask for a zeroed frame pointer at the start of a thread; a zero record is where it was saved.
        if (saved == 0 && link == 0)
        {
            return StepResult.EndOfStack;
        }

        ulong code = CodeAddress(link);
        ulong callerStack = top + size;
        bool ordered = saved >= callerStack && saved - callerStack <= LargestFrame;
        if (code < LowestCode || !IsCanonical(code) || !(ordered || saved == 0 || saved > callerStack)
            || !IsBelievable(scene, code, strict || !ordered) || (strict && ContradictsCall(scene, link)))
        {
            return StepResult.None;
        }

        // A frame without unwind information may have saved any other register anywhere: none is known above it.
        caller.Set(Profile.ProgramCounter, link);
        caller.Set(Profile.StackPointer, callerStack);
        caller.Set(framePointer, saved);
        return StepResult.Stepped;
    }

    /// <summary>True when the dump has the code before a return address, and that is no call.</summary>
    private bool ContradictsCall(ThreadScene scene, ulong link) =>
        scene.Code.TryFind(PreviousInstruction(CodeAddress(link)), out var module)
        && StackScanner.FollowsCall(scene, this, link, module, file: null) == false;

    /// <summary>True in code; elsewhere only when the dump does not say where code is and the address is not data of ours.</summary>
    private bool IsBelievable(ThreadScene scene, ulong code, bool strict)
    {
        if (scene.Code.IsCode(PreviousInstruction(code)))
        {
            return true;
        }

        return !strict && !scene.Code.KnowsExecutableMemory && !scene.IsOnStack(code);
    }
}
