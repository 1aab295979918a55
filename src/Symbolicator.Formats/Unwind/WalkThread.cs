using Symbolicator.Formats.Model;

namespace Symbolicator.Formats.Unwind;

/// <summary>One thread to walk.</summary>
public sealed record WalkThread
{
    public required ulong Id { get; init; }

    /// <summary>Registers of the innermost frame; without a program counter the thread has no frames.</summary>
    public required RegisterState Registers { get; init; }

    /// <summary>Memory of the process as this thread sees it: its stack and whatever else the dump holds.</summary>
    public required IMemoryView Memory { get; init; }

    /// <summary>First address of the stack in the dump, 0 with <see cref="StackEnd"/> 0 when it is not known.</summary>
    public ulong StackStart { get; init; }

    /// <summary>First address behind the stack in the dump.</summary>
    public ulong StackEnd { get; init; }
}
