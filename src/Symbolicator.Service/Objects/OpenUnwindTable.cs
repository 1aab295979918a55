using Symbolicator.Formats.Model;

namespace Symbolicator.Service.Objects;

/// <summary>An unwind table and the object whose bytes it reads.</summary>
internal sealed class OpenUnwindTable(IUnwindTable table, IObjectFile owner) : IDisposable
{
    public IUnwindTable Table { get; } = table;

    public void Dispose() => owner.Dispose();
}
