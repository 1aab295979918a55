using Symbolicator.Formats.Core;
using Symbolicator.Formats.Model;

namespace Symbolicator.Formats.Minidump;

/// <summary>Registers of a thread, from a CONTEXT structure of any CPU that we unwind.</summary>
public sealed class CpuContext
{
    private readonly RegisterState _registers;

    private CpuContext(CpuProfile profile, in RegisterState registers)
    {
        Profile = profile;
        _registers = registers;
    }

    public CpuProfile Profile { get; }

    public CpuFamily Family => Profile.Family;

    /// <summary>By the indices of <see cref="Profile"/>.</summary>
    public ref readonly RegisterState Registers => ref _registers;

    public ulong ProgramCounter => _registers.GetOrZero(Profile.ProgramCounter);

    public ulong StackPointer => _registers.GetOrZero(Profile.StackPointer);

    /// <summary>
    /// Identifies the structure by its size and its own CPU flag; <paramref name="expected"/> decides only between
    /// several that fit (a 32-bit process on a 64-bit system, flags left zero).
    /// </summary>
    /// <returns>Null when it is none of the known structures; the reader then has a fault.</returns>
    internal static CpuContext? Read(ref ByteReader reader, CpuFamily expected)
    {
        var start = reader;
        var layout = ContextLayout.Identify(start, expected);
        if (layout is null)
        {
            reader.Fail(MalformedReason.Unsupported);
            return null;
        }

        var profile = CpuProfile.For(layout.Family)!;
        var registers = default(RegisterState);
        layout.ReadRegisters(ref reader, ref registers);
        return reader.Fault.IsNone ? new CpuContext(profile, registers) : null;
    }
}
