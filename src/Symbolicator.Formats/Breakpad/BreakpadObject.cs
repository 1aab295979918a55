using Symbolicator.Formats.Core;
using Symbolicator.Formats.Model;

namespace Symbolicator.Formats.Breakpad;

/// <summary>
/// A symbol file. What it contains is only known after one pass over its lines, which is made when it is first asked
/// for and remembered.
/// </summary>
public sealed class BreakpadObject : IObjectFile
{
    private readonly FileBytes _file;
    private readonly ParseLimits _limits;
    private readonly ModuleRecord _module;
    private readonly Lazy<BreakpadIndex> _index;
    private int _disposed;

    internal BreakpadObject(FileBytes file, ParseLimits limits, in ModuleRecord module, CodeId? codeId, long body)
    {
        _file = file;
        _limits = limits;
        _module = module;
        CodeId = codeId;
        _index = new Lazy<BreakpadIndex>(() => BreakpadIndex.Build(_file, body, _limits, Faults));
    }

    public FileFormat Format => FileFormat.Breakpad;

    public ObjectKind Kind => ObjectKind.Debug;

    public Arch Arch => _module.Arch;

    public CodeId? CodeId { get; }

    public DebugId? DebugId => _module.DebugId;

    public string? Name => _module.Name;

    /// <summary>Always 0: addresses in the file are relative.</summary>
    public ulong ImageBase => 0;

    public ulong ImageSize => 0;

    public ObjectFeatures Features => _index.Value.Features;

    public bool IsMalformed => false;

    public FaultLog Faults { get; } = new();

    public IReadOnlyList<ObjectLink> Links => [];

    public ISymbolCursor OpenSymbols(InternPool names) =>
        new BreakpadSymbolCursor(_file, _index.Value.FirstPublic, _limits, names, Faults);

    public IDebugSession? OpenDebugSession(InternPool names) =>
        Features.HasFlag(ObjectFeatures.DebugInfo) ? new BreakpadDebugSession(_file, _index.Value, _limits, names, Faults) : null;

    public IUnwindTable? OpenUnwindTable() => Features.HasFlag(ObjectFeatures.UnwindInfo)
        ? BreakpadUnwindTable.Build(_file, _index.Value.FirstStack, CpuProfile.For(Arch.Family(), _module.IsWindows), _limits, Faults)
        : null;

    public void Dispose()
    {
        if (Interlocked.Exchange(ref _disposed, 1) == 0)
        {
            _file.Dispose();
        }
    }
}
