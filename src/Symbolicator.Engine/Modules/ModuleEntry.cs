using Symbolicator.Engine.Contracts;

namespace Symbolicator.Engine.Modules;

/// <summary>A module of a request.</summary>
/// <param name="Index">Position in the request.</param>
/// <param name="Info">As given, with the size filled in where it follows from the next module.</param>
public sealed record ModuleEntry(int Index, ModuleInfo Info)
{
    /// <summary>False for images that are loaded nowhere in particular (image address 0, such as Wasm).</summary>
    public bool HasAbsoluteAddresses => Info.ImageAddr != 0;

    /// <summary>The address relative to the image; false for an absolute address in an image that has none, or below it.</summary>
    public bool TryGetRelative(ulong address, AddrMode mode, out ulong rva)
    {
        rva = mode.Module is null ? unchecked(address - Info.ImageAddr) : address;
        return mode.Module is not null || (HasAbsoluteAddresses && address >= Info.ImageAddr);
    }
}
