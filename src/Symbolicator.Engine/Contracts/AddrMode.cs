namespace Symbolicator.Engine.Contracts;

/// <summary>How an address of a frame is meant: absolute (the default) or relative to a module of the request.</summary>
public readonly record struct AddrMode
{
    private readonly long _module;

    private AddrMode(long module) => _module = module;

    /// <summary>An address in the memory of the process; <c>abs</c> on the wire.</summary>
    public static AddrMode Absolute => default;

    /// <summary>Index in the request's <c>modules</c>, null for absolute addresses.</summary>
    public uint? Module => _module == 0 ? null : (uint)(_module - 1);

    /// <summary>An offset into the module with this index in the request; <c>rel:N</c> on the wire.</summary>
    public static AddrMode Relative(uint module) => new(module + 1L);
}
