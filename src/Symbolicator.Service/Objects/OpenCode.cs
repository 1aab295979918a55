using Symbolicator.Formats.Model;

namespace Symbolicator.Service.Objects;

/// <summary>Machine code and the object whose bytes it is.</summary>
internal sealed class OpenCode(ICodeView code, IObjectFile owner) : IDisposable
{
    public ICodeView Code { get; } = code;

    public void Dispose() => owner.Dispose();
}
