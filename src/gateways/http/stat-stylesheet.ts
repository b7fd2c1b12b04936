/** XSLT 1.0 that makes a page of the statistics' XML; as complete as nginx-rtmp's stat.xsl, in its own words. */
export const STAT_STYLESHEET = `<?xml version="1.0" encoding="utf-8"?>
<xsl:stylesheet version="1.0" xmlns:xsl="http://www.w3.org/1999/XSL/Transform">
  <xsl:output method="html" encoding="utf-8"/>
  <xsl:template match="/rtmp">
    <html>
      <head>
        <title>Live streams</title>
        <meta name="viewport" content="width=device-width"/>
        <style>
          body { font: 14px/1.5 system-ui, sans-serif; margin: 1.5rem; color-scheme: light dark }
          table { border-collapse: collapse; margin: 0 0 1.5rem }
          th, td { padding: .2rem .8rem .2rem 0; text-align: left; border-bottom: 1px solid #8884 }
          .client td { font-size: 12px; opacity: .8 }
        </style>
      </head>
      <body>
        <p>
          <xsl:text>Up </xsl:text><xsl:call-template name="seconds"><xsl:with-param name="s" select="uptime"/></xsl:call-template>,
          <xsl:value-of select="naccepted"/> connections,
          in <xsl:call-template name="rate"><xsl:with-param name="bits" select="bw_in"/></xsl:call-template>,
          out <xsl:call-template name="rate"><xsl:with-param name="bits" select="bw_out"/></xsl:call-template>
        </p>
        <xsl:apply-templates select="server/application"/>
      </body>
    </html>
  </xsl:template>
  <xsl:template match="application">
    <h2><xsl:value-of select="name"/> (<xsl:value-of select="live/nclients | play/nclients"/>)</h2>
    <xsl:if test="live/stream | play/stream">
      <table>
        <tr><th>Stream</th><th>Clients</th><th>Video</th><th>Audio</th><th>In</th><th>Out</th><th>Time</th></tr>
        <xsl:apply-templates select="live/stream | play/stream"/>
      </table>
    </xsl:if>
  </xsl:template>
  <xsl:template match="stream">
    <tr>
      <td><b><xsl:value-of select="name"/></b></td>
      <td><xsl:value-of select="nclients"/></td>
      <td>
        <xsl:if test="meta/video/width">
          <xsl:value-of select="meta/video/codec"/><xsl:text> </xsl:text><xsl:value-of select="meta/video/profile"/><xsl:text> </xsl:text>
          <xsl:value-of select="meta/video/width"/>x<xsl:value-of select="meta/video/height"/><xsl:text> </xsl:text>
          <xsl:value-of select="meta/video/frame_rate"/> fps
        </xsl:if>
      </td>
      <td>
        <xsl:value-of select="meta/audio/codec"/><xsl:text> </xsl:text><xsl:value-of select="meta/audio/profile"/><xsl:text> </xsl:text>
        <xsl:value-of select="meta/audio/sample_rate"/>
      </td>
      <td><xsl:call-template name="rate"><xsl:with-param name="bits" select="bw_in"/></xsl:call-template></td>
      <td><xsl:call-template name="rate"><xsl:with-param name="bits" select="bw_out"/></xsl:call-template></td>
      <td><xsl:call-template name="seconds"><xsl:with-param name="s" select="floor(time div 1000)"/></xsl:call-template></td>
    </tr>
    <xsl:for-each select="client">
      <tr class="client">
        <td>
          <xsl:choose><xsl:when test="publishing">publishes</xsl:when><xsl:otherwise>plays</xsl:otherwise></xsl:choose>
        </td>
        <td><xsl:value-of select="id"/></td>
        <td colspan="2"><xsl:value-of select="address"/><xsl:text> </xsl:text><xsl:value-of select="flashver"/></td>
        <td>dropped <xsl:value-of select="dropped"/></td>
        <td>a/v <xsl:value-of select="avsync"/> ms</td>
        <td><xsl:call-template name="seconds"><xsl:with-param name="s" select="floor(time div 1000)"/></xsl:call-template></td>
      </tr>
    </xsl:for-each>
  </xsl:template>
  <xsl:template name="rate">
    <xsl:param name="bits"/>
    <xsl:value-of select="format-number($bits div 1000000, '0.00')"/> Mbit/s
  </xsl:template>
  <xsl:template name="seconds">
    <xsl:param name="s"/>
    <xsl:value-of select="floor($s div 3600)"/>:<xsl:value-of select="format-number(floor($s div 60) mod 60, '00')"/>:<xsl:value-of select="format-number($s mod 60, '00')"/>
  </xsl:template>
</xsl:stylesheet>
`.trimEnd();
