using Symbolicator.Formats.Model;

namespace Symbolicator.Formats.Unwind.Cpu;

/// <summary>The x86 family: a call pushes its return address.</summary>
internal static class PushedReturnAddress
{
    /// <summary>The caller as it was at the call: nothing but the return address has been pushed since.</summary>
    public static bool TryPop(ThreadScene scene, in RegisterState callee, out RegisterState caller)
    {
        caller = callee;
        var cpu = scene.Cpu;
        if (!callee.TryGet(cpu.StackPointer, out ulong stackPointer)
            || !scene.TryReadStack(stackPointer, stackPointer, out ulong returnAddress))
        {
            return false;
        }

        caller.Set(cpu.ProgramCounter, returnAddress);
        caller.Set(cpu.StackPointer, unchecked(stackPointer + (ulong)cpu.PointerSize));
        return true;
    }
}
