# syntax=docker/dockerfile:1
FROM mcr.microsoft.com/dotnet/sdk:10.0 AS build
WORKDIR /src
COPY global.json Directory.Build.props Directory.Packages.props .editorconfig ./
COPY src/ src/
RUN dotnet publish src/Symbolicator.Service/Symbolicator.Service.csproj -c Release -o /out/service \
      -p:PublishReadyToRun=true --runtime linux-x64 --self-contained false \
 && dotnet publish src/Symbolicator.Cli/Symbolicator.Cli.csproj -c Release -o /out/cli \
      -p:PublishReadyToRun=true --runtime linux-x64 --self-contained false

FROM mcr.microsoft.com/dotnet/aspnet:10.0
# libzstd and liblzma read compressed debug files.
RUN apt-get update \
 && apt-get install -y --no-install-recommends libzstd1 liblzma5 \
 && rm -rf /var/lib/apt/lists/* \
 && mkdir -p /data && chown "$APP_UID" /data
COPY --from=build /out/service /app
COPY --from=build /out/cli /opt/symbolicator
RUN ln -s /opt/symbolicator/Symbolicator.Cli /usr/local/bin/symbolicator
USER $APP_UID
VOLUME /data
EXPOSE 3021
HEALTHCHECK --interval=30s --timeout=5s CMD ["dotnet", "/app/Symbolicator.Service.dll", "healthcheck"]
ENTRYPOINT ["dotnet", "/app/Symbolicator.Service.dll"]
CMD ["run"]
