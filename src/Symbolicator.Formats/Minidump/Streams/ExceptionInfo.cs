using Symbolicator.Formats.Core;
using Symbolicator.Formats.Model;

namespace Symbolicator.Formats.Minidump;

/// <summary>Why the process stopped (MINIDUMP_EXCEPTION_STREAM). Meanings of code and flags depend on the system.</summary>
public sealed class ExceptionInfo
{
    private readonly ulong[] _parameters;

    private ExceptionInfo(ulong[] parameters) => _parameters = parameters;

    public required uint ThreadId { get; init; }

    /// <summary>Exception code; signal number on Linux; EXC_* on macOS.</summary>
    public required uint Code { get; init; }

    /// <summary>Exception flags; si_code on Linux; first code on macOS.</summary>
    public required uint Flags { get; init; }

    /// <summary>As stored.</summary>
    public required ulong RawAddress { get; init; }

    /// <summary>At most fifteen.</summary>
    public IReadOnlyList<ulong> Parameters => _parameters;

    /// <summary>Registers at the moment of the crash; null when they are absent or unreadable.</summary>
    public required CpuContext? Context { get; init; }

    internal static ExceptionInfo Read(ref ByteReader reader, MinidumpSource source, CpuFamily cpu)
    {
        uint threadId = reader.ReadU32();
        reader.Skip(4); // __alignment
        uint code = reader.ReadU32();
        uint flags = reader.ReadU32();
        reader.Skip(8); // ExceptionRecord
        ulong address = reader.ReadU64();
        uint count = reader.ReadU32();
        reader.Skip(4); // __unusedAlignment
        var parameters = new ulong[MinidumpConstants.ExceptionParameters];
        for (int i = 0; i < parameters.Length; i++)
        {
            parameters[i] = reader.ReadU64();
        }

        var location = Location.Read(ref reader);
        CpuContext? context = null;
        if (reader.Fault.IsNone && !location.IsEmpty)
        {
            context = source.ReadContext(location, cpu, "exception context");
        }

        return new ExceptionInfo(parameters[..(int)Math.Min(count, MinidumpConstants.ExceptionParameters)])
        {
            ThreadId = threadId,
            Code = code,
            Flags = flags,
            RawAddress = address,
            Context = context,
        };
    }
}
