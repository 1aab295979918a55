namespace Symbolicator.Engine.Contracts;

/// <summary>A module that the process had unloaded before and that had an address. It gives no names: the code is gone.</summary>
/// <param name="Module">Name as the dump has it.</param>
/// <param name="Offsets">The address relative to the module, <c>0x460</c>; several when it had been loaded at several places.</param>
public sealed record UnloadedModuleHit(string Module, IReadOnlyList<string> Offsets);
